// @vitest-environment happy-dom
import { afterEach, expect, it } from "vitest";
import { clock, live } from "../src/app";
import { ProblemError, UnreachableError } from "../src/lib/api";
import { Freshness } from "../src/ui/Freshness";
import { serve, show } from "./page";

const unreachable = new UnreachableError("Larder cannot be reached.");
const forbidden = new ProblemError({ status: 403, title: "T", detail: "No.", request_id: "r", code: "forbidden" });
const AGE = /^Shows the state of /;

afterEach(() => live.status.set({ is: "off" }));

async function told(...of: { asOf: number | null; error: Error | null }[]): Promise<string> {
  serve({});
  await show(<Freshness of={of} />);
  return document.body.textContent ?? "";
}

function minutesAgo(minutes: number): number {
  return clock.now() - minutes * 60_000;
}

it("says nothing of what events keep true", async () => {
  live.status.set({ is: "live" });
  expect(await told({ asOf: minutesAgo(5), error: null })).toBe("");
});

it("says of when a list is without a connection", async () => {
  live.status.set({ is: "offline" });
  expect(await told({ asOf: minutesAgo(5), error: null })).toMatch(AGE);
});

it("says of when a copy is that could not be read anew, although the connection is live", async () => {
  live.status.set({ is: "live" });
  expect(await told({ asOf: minutesAgo(5), error: unreachable })).toMatch(AGE);
  expect(await told({ asOf: minutesAgo(5), error: forbidden })).toMatch(/^Shows the state of .*You may not do this\.$/);
});

it("tells of the oldest of several, and of what there is nothing of", async () => {
  live.status.set({ is: "offline" });
  const several = await told({ asOf: clock.now(), error: null }, { asOf: Date.UTC(2020, 4, 17, 12), error: null });
  expect(several).toMatch(/2020$/);
  expect(await told({ asOf: minutesAgo(5), error: unreachable }, { asOf: null, error: unreachable })).toMatch(
    /^Shows the state of .*Larder cannot be reached\./,
  );
});

it("does not call old what has just come while the connection is being made", async () => {
  live.status.set({ is: "connecting" });
  expect(await told({ asOf: clock.now(), error: null })).toBe("");
  expect(await told({ asOf: minutesAgo(5), error: null })).toMatch(AGE);
});
