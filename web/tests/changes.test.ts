import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesTo, differences } from "../src/lib/changes";

interface Thing {
  name: string;
  stock: number | null;
  place: { lat: number; lon: number };
}
const MILK: Thing = { name: "Milk", stock: 3, place: { lat: 1, lon: 2 } };

describe("changes", () => {
  it("are what differs, by what the values hold", () => {
    const now = { ...MILK, stock: null, place: { lat: 1, lon: 2 } };
    expect(differences(MILK, now, ["name", "stock", "place"])).toEqual([{ field: "stock", before: 3, after: null }]);
    expect(differences(MILK, now, ["name"])).toEqual([]);
  });

  it("to a thing are what is wanted and not so yet: nothing else is sent", () => {
    expect(changesTo(MILK, { name: "Milk", stock: 4 })).toEqual({ stock: 4 });
    expect(changesTo(MILK, { place: { lat: 1, lon: 2.5 } })).toEqual({ place: { lat: 1, lon: 2.5 } });
    expect(changesTo(MILK, {})).toEqual({});
  });

  it("make of what was what is wanted", () => {
    const thing = fc.record({
      name: fc.string(),
      stock: fc.option(fc.nat()),
      place: fc.record({ lat: fc.nat(), lon: fc.nat() }),
    });
    fc.assert(
      fc.property(thing, thing, (before, wanted) => {
        expect({ ...before, ...changesTo(before, wanted) }).toEqual(wanted);
      }),
    );
  });
});
