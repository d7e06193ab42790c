import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, toneOf } from "../src/screens/figures/compare";
import {
  AskedError,
  addressOf,
  bucketEnd,
  grainsFor,
  moved,
  rangeOf,
  readAsked,
  weighsToday,
} from "../src/screens/figures/period";

describe("the time that figures are about", () => {
  it("is thirty days, today being the last of them, when nothing is said", () => {
    const asked = readAsked({});
    expect(asked).toMatchObject({ days: 30, by: "day", zone: null, restaurant: null });
    expect(rangeOf(asked, "2026-11-27")).toEqual({ from: "2026-10-29" });
    expect(addressOf(asked)).toBe("");
  });

  it("counts both days of a range, of which the api counts the last no more", () => {
    const asked = readAsked({ from: "2026-11-01", to: "2026-11-30", zone: "Europe/Berlin", restaurant: "r" });
    expect(rangeOf(asked, "2026-12-24")).toEqual({
      from: "2026-11-01",
      to: "2026-12-01",
      timezone: "Europe/Berlin",
      restaurant_id: "r",
    });
  });

  it("comes back from its own address", () => {
    const date = fc.integer({ min: 0, max: 20_000 }).map((day) => moved("1990-01-01", day));
    const asked = fc.record(
      {
        days: fc.integer({ min: 1, max: 3660 }).map(String),
        range: fc.tuple(date, fc.integer({ min: 0, max: 900 })),
        by: fc.constantFrom("hour", "day", "week"),
        zone: fc.constantFrom("UTC", "America/New_York", "Asia/Kolkata"),
        restaurant: fc.uuid(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(asked, ({ range, ...rest }) => {
        const query = range === undefined ? rest : { ...rest, from: range[0], to: moved(range[0], range[1]) };
        const read = readAsked(query);
        const address = Object.fromEntries(new URLSearchParams(addressOf(read)));
        expect(readAsked(address)).toEqual(read);
      }),
    );
  });

  it("is cut into no more buckets than the server gives", () => {
    expect(grainsFor(41)).toEqual(["hour", "day", "week"]);
    expect(grainsFor(42)).toEqual(["day", "week"]);
    expect(grainsFor(1001)).toEqual(["week"]);
    expect(readAsked({ days: "1" }).by).toBe("hour");
    expect(readAsked({ days: "182" }).by).toBe("week");
    expect(readAsked({ days: "182", by: "hour" }).by).toBe("day");
  });

  it("is mostly today when it is short and ends with it", () => {
    expect(["1", "7", "30"].map((days) => weighsToday(readAsked({ days })))).toEqual([true, true, false]);
    expect(weighsToday(readAsked({ from: "2026-11-01", to: "2026-11-01" }))).toBe(false);
  });

  it("refuses what it cannot be, by its name", () => {
    for (const query of [{ days: "0" }, { days: "x" }, { from: "November" }, { to: "2026-13-01" }, { by: "year" }]) {
      expect(() => readAsked(query)).toThrow(AskedError);
      expect(() => readAsked(query)).toThrow(Object.keys(query)[0]);
    }
  });

  it("ends a bucket where the next begins, and the last by the calendar", () => {
    expect(bucketEnd("2026-11-01T00:00:00Z", "day", "2026-11-02T00:00:00Z")).toBe("2026-11-02T00:00:00Z");
    expect(bucketEnd("2026-11-30T00:00:00+01:00", "day", undefined)).toBe("2026-12-01");
    expect(bucketEnd("2026-11-30T00:00:00+01:00", "week", undefined)).toBe("2026-12-07");
    expect(bucketEnd("2026-11-30T23:00:00Z", "hour", undefined)).toBe("2026-12-01T00:00:00.000Z");
  });
});

describe("a comparison", () => {
  it("is by the share of what was before", () => {
    expect(compare(150, 100)).toEqual({ is: "more", share: 0.5 });
    expect(compare(50, 100)).toEqual({ is: "less", share: 0.5 });
    expect(compare(100, 100)).toEqual({ is: "same" });
  });

  it("tells no share of nothing", () => {
    expect(compare(5, 0)).toEqual({ is: "new" });
    expect(compare(0, 0)).toEqual({ is: "none" });
    expect(compare(null, 5)).toEqual({ is: "none" });
  });

  it("is good or bad by what is wanted", () => {
    expect(toneOf(compare(2, 1), "more")).toBe("good");
    expect(toneOf(compare(2, 1), "less")).toBe("bad");
    expect(toneOf(compare(1, 1), "less")).toBe("plain");
    expect(toneOf(compare(101, 100), "more")).toBe("plain");
  });
});
