import { describe, expect, it } from "vitest";
import { ProblemError } from "../src/lib/api";
import { Read } from "../src/lib/read";
import { SimulatedClock, SimulatedCopies, settled } from "./simulated";

function setUp(...answers: (number | Error)[]) {
  const [clock, copies] = [new SimulatedClock(), new SimulatedCopies()];
  let asked = 0;
  const ask = async () => {
    asked += 1;
    const next = answers.shift();
    if (next === undefined || next instanceof Error) throw next ?? new Error("asked too often");
    return next;
  };
  const make = (name: string | null = "sum") => new Read({ name, ask, copies, clock, chance: () => 0.5 });
  return { clock, copies, make, asked: () => asked };
}

const offline = new TypeError("Failed to fetch");
const forbidden = new ProblemError({ status: 403, title: "T", detail: "No.", request_id: "r" });

describe("what is read", () => {
  it("is the copy of last time until it comes, and is kept when it has", async () => {
    const { clock, copies, make } = setUp(offline, 2);
    copies.put("sum", 1, 7);
    const read = make();
    read.start();
    await settled();
    expect(read.state.value).toEqual({ value: 1, asOf: 7, busy: true, error: offline });
    await clock.run(1_000);
    expect(read.state.value).toMatchObject({ value: 2, busy: false, error: null });
    expect(copies.kept.get("sum")?.value).toBe(2);
  });

  it("is never replaced by a copy", async () => {
    const { copies, make } = setUp(2);
    copies.put("sum", 1, 7);
    copies.slow = true;
    const read = make();
    read.start();
    await settled();
    copies.slow = false;
    await settled();
    expect(read.state.value.value).toBe(2);
  });

  it("is not asked for again when the answer is no, or nobody wants it any more", async () => {
    const { clock, make, asked } = setUp(forbidden, offline);
    const refused = make();
    refused.start();
    await clock.run(120_000);
    expect([asked(), refused.state.value.error]).toEqual([1, forbidden]);
    const stopped = make(null);
    stopped.start();
    await settled();
    stopped.stop();
    await clock.run(120_000);
    expect(asked()).toBe(2);
  });

  it("that has no name is not kept", async () => {
    const { copies, make } = setUp(2);
    const read = make(null);
    read.start();
    await settled();
    expect([read.state.value.value, copies.kept.size]).toEqual([2, 0]);
  });
});
