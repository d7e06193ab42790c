import { describe, expect, it } from "vitest";
import { Latencies } from "../src/lib/latency";
import { MOST_ERRORS, MOST_LATENCIES, type Report, Reporter, SAMPLED } from "../src/lib/report";
import { SimulatedClock } from "./simulated";

function setUp(chance = 0) {
  const [clock, sent] = [new SimulatedClock(), [] as Report[]];
  const reporter = new Reporter({
    send: (report) => sent.push(report),
    clock,
    chance: () => chance,
    build: "b1",
    page: () => "/orders/:id",
  });
  return { clock, sent, reporter };
}

describe("a page's report", () => {
  it("tells every error, once each and the first few, together", async () => {
    const { clock, sent, reporter } = setUp(0.99);
    for (let n = 0; n < 3; n++) reporter.error(new TypeError("x is undefined"));
    for (let n = 0; n < 10; n++) reporter.error(`thrown ${n}`);
    expect(sent).toEqual([]);
    await clock.run(60_000);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ page: "/orders/:id", build: "b1" });
    expect(sent[0]?.errors?.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      ...["TypeError: x is undefined", "Thrown: thrown 0", "Thrown: thrown 1", "Thrown: thrown 2", "Thrown: thrown 3"],
    ]);
    expect(sent[0]?.errors).toHaveLength(MOST_ERRORS);
  });

  it("is no longer than the server takes, whatever was thrown", () => {
    const { sent, reporter } = setUp();
    const error = new Error("m".repeat(9_000));
    error.name = "n".repeat(9_000);
    error.stack = "s".repeat(9_000);
    reporter.error(error);
    for (let n = 0; n < 50; n++) reporter.latency(n === 0 ? -5 : 1e9);
    reporter.flush();
    const [told] = sent[0]?.errors ?? [];
    expect([told?.name, told?.message, told?.stack].map((text) => text?.length)).toEqual([100, 500, 4000]);
    expect(sent[0]?.latencies_ms).toHaveLength(MOST_LATENCIES);
    expect(sent[0]?.latencies_ms?.slice(0, 2)).toEqual([0, 600_000]);
  });

  it("tells of speed by the sampled pages alone", () => {
    const [sampled, other] = [setUp(SAMPLED - 0.01), setUp(SAMPLED)];
    for (const { reporter } of [sampled, other]) {
      reporter.vital("LCP", 800);
      reporter.latency(12);
      reporter.flush();
      reporter.flush(); // nothing is left
    }
    expect(sampled.sent).toEqual([
      { page: "/orders/:id", build: "b1", errors: [], vitals: [{ name: "LCP", value: 800 }], latencies_ms: [12] },
    ]);
    expect(other.sent).toEqual([]);
  });
});

describe("a latency", () => {
  function latencies() {
    const [clock, told] = [new SimulatedClock(), [] as number[]];
    return { clock, told, all: new Latencies(clock, (ms) => told.push(ms)) };
  }

  it("is from sending to the frame, whether that comes before the answer or after it", async () => {
    const { clock, told, all } = latencies();
    all.sent("k1");
    await clock.run(10);
    all.heard("o", 2);
    await clock.run(10);
    all.answered("k1", "o", 2);
    all.sent("k2");
    await clock.run(5);
    all.answered("k2", "o", 3);
    await clock.run(25);
    all.heard("o", 3);
    all.heard("o", 3);
    expect(told).toEqual([10, 30]);
  });

  it("is not told of what was sent twice, of others' events, or of what nobody asked here", () => {
    const { told, all } = latencies();
    all.sent("k1");
    all.sent("k1");
    all.answered("k1", "o", 2);
    all.answered("k2", "o", 3);
    for (let version = 2; version < 200; version++) all.heard("o", version);
    expect(told).toEqual([]);
  });
});
