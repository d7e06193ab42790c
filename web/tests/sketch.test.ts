import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metresBetween } from "../src/lib/distance";
import { round, type Sketch, type Stop, sketchOf } from "../src/screens/map/sketch";

const HERE = { lat: 39.1, lon: -84.5 };
const stop = (place: number, lat: number, lon: number): Stop => ({
  id: String(place),
  place,
  name: "Kitchen",
  lat,
  lon,
});
const places = fc.record({
  lat: fc.double({ min: 39, max: 39.2, noNaN: true }),
  lon: fc.double({ min: -84.7, max: -84.4, noNaN: true }),
});
const stops = fc
  .array(places, { minLength: 1, maxLength: 30 })
  .map((all) => all.map(({ lat, lon }, at) => stop(at + 1, lat, lon)));

describe("a sketch", () => {
  test("has everything in the picture, whoever is where, and every stop once", () => {
    fc.assert(
      fc.property(fc.option(places), stops, (here, all) => {
        const sketch = sketchOf(here, all, 640, 480);
        for (const { x, y } of [...sketch.way, ...sketch.marks]) {
          expect(x).toBeGreaterThan(0);
          expect(x).toBeLessThan(640);
          expect(y).toBeGreaterThan(0);
          expect(y).toBeLessThan(480);
        }
        expect(sketch.marks.flatMap((mark) => mark.stops).length).toBe(all.length);
        expect(sketch.way.length).toBe(all.length + (here === null ? 0 : 1));
      }),
    );
  });

  test("has north on top and east on the right", () => {
    const { here, marks } = sketchOf(HERE, [stop(1, 39.15, -84.45)], 600, 600);
    expect(marks[0]?.x).toBeGreaterThan(here?.x ?? 0);
    expect(marks[0]?.y).toBeLessThan(here?.y ?? 0);
  });

  test("is true to scale: rings and bar measure what they say", () => {
    const far = stop(1, 39.13, -84.44);
    const sketch = sketchOf(HERE, [far], 600, 400);
    const metres = metresBetween(HERE, far);
    expect(pixels(sketch) * (sketch.scale.metres / sketch.scale.length)).toBeCloseTo(metres, -2);
    for (const ring of sketch.rings) {
      expect(ring.metres / ring.radius).toBeCloseTo(sketch.scale.metres / sketch.scale.length);
    }
    expect(sketch.rings.length).toBeGreaterThanOrEqual(2);
  });

  test("makes one mark of what stands at one spot, and does not magnify a single door", () => {
    const { marks, scale } = sketchOf(null, [stop(1, 39.1, -84.5), stop(2, 39.1, -84.5)], 600, 600);
    expect(marks.map((mark) => mark.stops.map(({ place }) => place))).toEqual([[1, 2]]);
    expect(scale.metres).toBeGreaterThanOrEqual(50);
  });
});

function pixels({ here, marks }: Sketch): number {
  return Math.hypot((marks[0]?.x ?? 0) - (here?.x ?? 0), (marks[0]?.y ?? 0) - (here?.y ?? 0));
}

test("distances are round", () => {
  expect([1, 3, 7, 99, 200, 4_999, 73_000].map(round)).toEqual([1, 2, 5, 50, 200, 2_000, 50_000]);
});
