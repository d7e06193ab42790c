import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { INITIAL_BYTES, type Manifest, weigh } from "../build/budget";
import { bootBy, policyOf } from "../build/policy";
import { tilesOf } from "../build/tiles";

describe("the budget", () => {
  const manifest: Manifest = {
    "index.html": { file: "index.js", isEntry: true, imports: ["shared"] },
    shared: { file: "shared.js" },
    route: { file: "route.js", isDynamicEntry: true, imports: ["shared", "chart"] },
    chart: { file: "chart.js" },
    "style.css": { file: "style.css" },
  };
  const read = (file: string) => randomBytes(file === "route.js" ? 3000 : 1000);

  it("counts what a first load brings, and what a route brings on top", () => {
    const [first, route, ...rest] = weigh(manifest, read);
    expect(first).toMatchObject({ name: "first load", most: INITIAL_BYTES });
    expect(first?.bytes).toBeGreaterThan(2000);
    expect(first?.bytes).toBeLessThan(2100);
    expect(route?.bytes).toBeGreaterThan(4000);
    expect(route?.bytes).toBeLessThan(4100);
    expect(rest).toEqual([]);
  });

  it("refuses a build that it does not understand", () => {
    expect(() => weigh({}, read)).toThrow("no entry");
    expect(() => weigh({ "index.html": { file: "a.js", isEntry: true, imports: ["b"] } }, read)).toThrow("no b");
  });
});

describe("the policy", () => {
  const html = '<script>\n  f();\n</script>\n<script type="module" crossorigin src="/assets/a.js"></script><p>';

  it("lets one inline script run, which loads the entry", () => {
    const page = bootBy(html);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('s.src="/assets/a.js"');
    expect(policyOf(page)).toMatch(/script-src 'strict-dynamic' 'sha256-[\w+/]{43}=' 'self'/);
  });

  it("knows a script by every byte of it, and lets nothing run that is not one of ours", () => {
    const page = bootBy(html);
    expect(policyOf(page.replace("f()", "g()"))).not.toBe(policyOf(page));
    expect(policyOf(page)).not.toContain("unsafe");
    expect(() => bootBy("<p>")).toThrow("no entry");
  });
});

describe("tiles of a map", () => {
  const url = "https://tiles.example.com/{z}/{x}/{y}.png";

  it("are none unless the build was told where they are", () => {
    expect(tilesOf({})).toEqual({ url: "", attribution: "", origin: null });
    expect(policyOf("<p>")).toContain("img-src 'self' data: blob:;");
  });

  it("are let in by their origin, and nothing else of it", () => {
    const tiles = tilesOf({ LARDER_TILE_URL: url, LARDER_TILE_ATTRIBUTION: "© them" });
    expect(tiles).toEqual({ url, attribution: "© them", origin: "https://tiles.example.com" });
    const policy = policyOf("<p>", tiles.origin);
    expect(policy).toContain("img-src 'self' data: blob: https://tiles.example.com;");
    expect(policy.match(/example/g)).toHaveLength(1);
  });

  it("may be our own", () => {
    expect(tilesOf({ LARDER_TILE_URL: "/tiles/{z}/{x}/{y}.png" }).origin).toBeNull();
  });

  it.each([
    "https://tiles.example.com/{z}/{x}.png",
    "https://{s}.example.com/{z}/{x}/{y}.png",
    "//tiles.example.com/{z}/{x}/{y}.png",
    "tiles/{z}/{x}/{y}",
    "javascript:{z}{x}{y}",
  ])("fail the build when %s is no address of a tile", (wrong) => {
    expect(() => tilesOf({ LARDER_TILE_URL: wrong })).toThrow("LARDER_TILE_URL");
  });
});
