import { describe, expect, it } from "vitest";
import type { ProblemDocument } from "../src/lib/api";
import type { Line } from "../src/lib/cart";
import { afterRefusal } from "../src/lib/refusal";

const lines: Line[] = ["milk", "eggs"].map((id) => ({
  product: { id, name: id, unit: "each", price_cents: 100, version: 1, available: true },
  quantity: 2,
  agreed_cents: 100,
}));

function refusal(more: Partial<ProblemDocument>): ProblemDocument {
  return { status: 409, title: "Conflict", detail: "No.", request_id: "r", ...more };
}

describe("a refused order", () => {
  it("brings the prices of today, beside those that were agreed to", () => {
    const present = [{ product_id: "eggs", price_cents: 130, version: 4 }];
    const [milk, eggs] = afterRefusal(lines, refusal({ code: "price", present }));
    expect(milk).toEqual(lines[0]);
    expect(eggs).toMatchObject({ agreed_cents: 100, quantity: 2, product: { price_cents: 130, version: 4 } });
  });

  it("names what is not sold now, by the place of its line", () => {
    const errors = [{ field: "items[1].product_id", detail: "eggs is not sold now" }];
    const back = afterRefusal(lines, refusal({ code: "inactive", errors }));
    expect(back.map(({ product }) => product.available)).toEqual([true, false]);
  });

  it("leaves the lines alone when it is about something else", () => {
    expect(afterRefusal(lines, refusal({ code: "credit", present: { available_cents: 3 } }))).toEqual(lines);
    expect(afterRefusal(lines, refusal({ errors: [{ field: "note", detail: "too long" }] }))).toEqual(lines);
  });
});
