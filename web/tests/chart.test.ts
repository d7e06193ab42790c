import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { area, bandAt, highest, line, middle, named, ticks } from "../src/ui/chart/scale";

const value = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }));

describe("an axis", () => {
  it("begins at zero, ends above everything, and is of round numbers", () => {
    expect(ticks(87)).toEqual([0, 25, 50, 75, 100]);
    expect(ticks(0.4)).toEqual([0, 0.1, 0.2, 0.30000000000000004, 0.4]);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (most) => {
        const steps = ticks(most);
        expect(steps[0]).toBe(0);
        expect(steps.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-12));
        expect(steps.length).toBeLessThanOrEqual(7);
      }),
    );
  });

  it("has no halves of a thing", () => {
    expect(ticks(3, 4, true)).toEqual([0, 1, 2, 3]);
    expect(ticks(9, 4, true)).toEqual([0, 3, 6, 9]);
    expect(ticks(1, 4, true)).toEqual([0, 1]);
  });

  it("is there also when there is nothing", () => {
    expect(ticks(0)).toEqual([0, 1]);
    expect(highest([null, undefined])).toBe(0);
  });

  it("names as many points as there is room for, from the first", () => {
    expect(named(30, 5)).toEqual([0, 6, 12, 18, 24]);
    expect(named(3, 8)).toEqual([0, 1, 2]);
    expect(named(0, 8)).toEqual([]);
    expect(named(10, 0.5)).toEqual([0]);
    expect(named(72, 6, [1, 2, 3, 6, 12, 24])).toEqual([0, 12, 24, 36, 48, 60]);
  });
});

describe("a series", () => {
  it("is drawn where a pointer finds it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 50, max: 2000 }), (count, width) => {
        for (const index of [0, count >> 1, count - 1]) {
          expect(bandAt(middle(index, count, width), count, width)).toBe(index);
        }
      }),
    );
    expect(bandAt(-5, 10, 100)).toBe(0);
    expect(bandAt(500, 10, 100)).toBe(9);
  });

  it("goes through all that is known, with gaps for the rest", () => {
    expect(line([0, 10, 5], 10, 30, 100)).toBe("M5 100L15 0L25 50");
    expect(line([1, null, 1, 1], 1, 40, 10)).toBe("M5 0h0M25 0L35 0");
    expect(line([], 1, 40, 10)).toBe("");
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const path = line(values, highest(values) || 1, 600, 200);
        expect(path.split(/[ML]/).length - 1).toBe(values.filter((each) => each !== null).length);
        expect(path).not.toContain("NaN");
      }),
    );
  });

  it("stands on the bottom where it is filled, each stretch for itself", () => {
    expect(area([0, 10, 5], 10, 30, 100)).toBe("M5 100L5 100L15 0L25 50L25 100Z");
    expect(area([1, 1, null, 1], 1, 40, 10)).toBe("M5 10L5 0L15 0L15 10Z");
  });
});
