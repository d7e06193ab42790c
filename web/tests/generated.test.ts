import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { generated } from "../build/contracts";

it("the types are what the contracts say", { timeout: 30_000 }, async () => {
  const folder = new URL("../src/generated/", import.meta.url);
  const committed = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    committed.set(name, await readFile(new URL(name, folder), "utf8"));
  }
  expect(committed, "stale: run `just contracts`").toEqual(await generated());
});
