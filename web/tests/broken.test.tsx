// @vitest-environment happy-dom
/** A screen that throws, one that cannot be loaded, and one that is well, in the frame as it is. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../src/app";
import type { Person } from "../src/lib/session";
import { App } from "../src/shell/App";
import { reporter } from "../src/shell/report";
import { drawn, named, press, serve, show } from "./page";

const ANN: Person = { id: "ann", name: "Ann", role: "admin", restaurant_id: null, zone: null };
const screens = vi.hoisted(() => ({ mended: false }));
vi.mock("../src/roles", async () => {
  const { part } = await import("../src/ui/part");
  function Fragile() {
    if (!screens.mended) throw new RangeError("no such order");
    return <h1>It works</h1>;
  }
  const admin = [
    { path: "/", name: "Well", component: () => <h1>All is well</h1> },
    { path: "/broken", name: "Broken", component: Fragile },
    { path: "/missing", component: part(() => Promise.reject(new TypeError("Failed to fetch"))) },
  ];
  return { BEHIND: {}, SCREENS: { admin }, patternOf: (_: unknown, path: string) => path };
});

let reported: unknown[];

beforeEach(async () => {
  screens.mended = false;
  reported = [];
  vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
  const opened = () => Response.json({ access_token: "t", expires_in: 900, person: ANN }, { status: 201 });
  serve({ "POST /api/accounts/sessions": opened });
  await session.signIn("ann@larder.test", "larder");
});
afterEach(async () => {
  await show(null);
  await session.ended();
  vi.restoreAllMocks();
});

async function open(path: string): Promise<HTMLElement> {
  history.replaceState(null, "", path);
  await show(<App />);
  await drawn();
  return document.querySelector("main") as HTMLElement;
}

describe("a screen that broke", () => {
  it("has a name, says what to do, and is reported as what nobody caught", async () => {
    const main = await open("/broken");
    const told = main.querySelector('[role="alert"]');
    expect(told?.querySelector("h1")?.textContent).toBe("This screen cannot be shown");
    expect(told?.textContent).toContain("It has been reported; nothing that you did is lost.");
    expect(document.title).toBe("This screen cannot be shown · Larder");
    expect(reported.map(String)).toEqual(["RangeError: no such order"]);
  });

  it("is tried again, and is there once it can be", async () => {
    const main = await open("/broken");
    await press("Try again");
    expect(main.textContent).toContain("This screen cannot be shown");
    screens.mended = true;
    await press("Try again");
    expect(main.querySelector("h1")?.textContent).toBe("It works");
  });

  it("leaves the others as they are", async () => {
    const main = await open("/broken");
    await press("Well");
    expect(main.querySelector("h1")?.textContent).toBe("All is well");
  });
});

describe("a screen that could not be loaded", () => {
  it("says so, and is loaded anew with its page, for browsers remember what failed", async () => {
    const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
    const main = await open("/missing");
    expect(main.querySelector('[role="alert"]')?.textContent).toContain("It could not be loaded.");
    expect(main.querySelector(".skeletons")).toBeNull();
    expect(named("Try again")).toBeTruthy();
    await press("Try again");
    expect(reload).toHaveBeenCalledOnce();
    expect(reported.map(String)).toEqual(["PartError: TypeError: Failed to fetch"]);
  });
});

it("what nobody caught is told to the server", async () => {
  const told = vi.spyOn(reporter, "error");
  const { reportAll } = await import("../src/shell/report");
  reportAll();
  const error = new RangeError("no such order");
  dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
  expect(told).toHaveBeenCalledWith(error);
});
