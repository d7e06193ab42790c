import { describe, expect, it } from "vitest";
import {
  addressAt,
  fromLocalMinute,
  hoursOf,
  localMinute,
  momentOf,
  SPANS,
  spanOf,
} from "../src/screens/database/moment";
import { stepsOf } from "../src/screens/database/plan";
import { readersOf } from "../src/screens/database/readers";
import { MOST_OUTBOX_S, toneOfChange, toneOfDead, toneOfLag, toneOfUse } from "../src/screens/database/verdict";

describe("of when the database's pages are", () => {
  const now = Date.parse("2026-11-27T18:00:00Z");

  it("is now, and goes on, when the address says nothing", () => {
    expect(momentOf({})).toBeNull();
    expect(spanOf(null, 6, now)).toEqual({ from: "2026-11-27T12:00:00.000Z", to: "2026-11-27T18:00:00.000Z" });
    expect(addressAt("/database/queries", null)).toBe("/database/queries");
  });

  it("is a moment that goes along from page to page, and a span that ends there", () => {
    const at = "2026-11-26T03:00:00Z";
    const address = new URL(addressAt("/database/slow", at, 24), "http://larder");
    const query = Object.fromEntries(address.searchParams);
    expect(momentOf(query)).toBe(at);
    expect(hoursOf(query, SPANS, 1)).toBe(24);
    expect(spanOf(at, 24, now)).toEqual({ from: "2026-11-25T03:00:00.000Z", to: at });
  });

  it("takes no span that there is not", () => {
    expect(hoursOf({ hours: "7" }, SPANS, 1)).toBe(1);
    expect(hoursOf({ hours: "x" }, SPANS, 6)).toBe(6);
  });

  it("leaves it to the server to refuse what is no moment", () => {
    expect(spanOf("yesterday", 1, now)).toEqual({ from: "yesterday", to: "yesterday" });
    expect(localMinute("yesterday")).toBe("");
    expect(fromLocalMinute("")).toBeNull();
  });

  it("is shown by the reader's clocks, and comes back to the minute", () => {
    for (const iso of ["2026-11-27T18:10:00.000Z", "2026-07-01T00:00:00.000Z"]) {
      expect(fromLocalMinute(localMinute(iso))).toBe(iso);
    }
  });
});

describe("a plan", () => {
  const document = [
    {
      Plan: {
        "Node Type": "Hash Join",
        "Join Type": "Left",
        "Plan Rows": 20,
        "Total Cost": 812.5,
        "Hash Cond": "(o.restaurant_id = r.id)",
        Plans: [
          { "Node Type": "Seq Scan", "Relation Name": "orders", Filter: "(status = $1)", "Plan Rows": 90_000 },
          { "Node Type": "Index Scan", "Relation Name": "restaurants", "Index Name": "restaurants_pkey" },
        ],
      },
    },
  ];

  it("is a tree of what is done, by what and how", () => {
    const [join] = stepsOf(document);
    expect(join).toMatchObject({ does: "Hash Join (Left)", rows: 20, cost: 812.5, whole: false });
    expect(join?.conditions).toEqual(["(o.restaurant_id = r.id)"]);
    expect(join?.steps).toMatchObject([
      { does: "Seq Scan", table: "orders", whole: true, conditions: ["(status = $1)"] },
      { does: "Index Scan", table: "restaurants", index: "restaurants_pkey", whole: false, steps: [] },
    ]);
  });

  it("shows what it knows of a plan with words that it does not", () => {
    expect(stepsOf([{ Plan: { "Node Type": "Quantum Scan", Plans: [null, 7] } }])).toMatchObject([
      { does: "Quantum Scan", table: null, rows: null, conditions: [], steps: [] },
    ]);
    expect(stepsOf([{ "Utility Statement": "…" }])).toEqual([]);
  });
});

describe("who reads a stream", () => {
  const consumer = { name: "a", durable: true, behind: 0, unacknowledged: 0, redelivered: 0, seq: 1 };

  it("is told by name, and in one line where it comes and goes with a process", () => {
    const passing = [7, 3].map((behind) => ({ ...consumer, name: `x${behind}`, durable: false, behind }));
    expect(readersOf([...passing, consumer])).toMatchObject([
      { name: "a", passing: 0 },
      { passing: 2, behind: 7 },
    ]);
    expect(readersOf([])).toEqual([]);
  });
});

describe("what wants a look", () => {
  it("is a pool that is nearly taken", () => {
    expect([0, 7, 8, 10].map((busy) => toneOfUse(busy, 10))).toEqual(["good", "good", "warm", "bad"]);
    expect(toneOfUse(0, 0)).toBe("plain");
  });

  it("is what is late, and not what is not known", () => {
    expect([null, 0.2, 3, 6].map((each) => toneOfLag(each, MOST_OUTBOX_S))).toEqual(["plain", "good", "warm", "bad"]);
  });

  it("is a query that takes longer than before, and rows that are dead", () => {
    expect([null, 0.4, 1, 1.5, 2].map(toneOfChange)).toEqual(["plain", "good", "plain", "warm", "bad"]);
    expect([0.1, 0.2, 0.5].map(toneOfDead)).toEqual(["plain", "warm", "bad"]);
  });
});
