import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distance, metresBetween } from "../src/lib/distance";

const place = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe("a distance", () => {
  it("is that of maps", () => {
    const [cologne, berlin] = [
      { lat: 50.9375, lon: 6.9603 },
      { lat: 52.52, lon: 13.405 },
    ];
    expect(metresBetween(cologne, berlin) / 1000).toBeCloseTo(477, -1);
  });

  it("is the same both ways, nothing to oneself, and never more than half round the earth", () => {
    fc.assert(
      fc.property(place, place, (here, there) => {
        expect(metresBetween(here, there)).toBeCloseTo(metresBetween(there, here), 3);
        expect(metresBetween(here, here)).toBe(0);
        expect(metresBetween(here, there)).toBeLessThanOrEqual(Math.PI * 6_371_000);
      }),
    );
  });

  it("is written with no more digits than a person can use", () => {
    expect([12, 349, 949, 950, 1234, 9949, 14_300].map((metres) => distance(metres, "en"))).toEqual([
      "0 m",
      "350 m",
      "950 m",
      "1 km",
      "1.2 km",
      "9.9 km",
      "14 km",
    ]);
    expect(distance(1234, "de")).toBe("1,2 km");
  });
});
