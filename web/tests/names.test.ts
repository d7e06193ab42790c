import { describe, expect, it, test } from "vitest";
import { inOneLine, partsOf, readable } from "../src/ui/names";

describe("a name", () => {
  it("is not shouted, and stays as somebody wrote it", () => {
    expect(readable("FRZN MEAT/MEAT DINNERS")).toBe("Frzn meat/meat dinners");
    expect(readable("22 OZ")).toBe("22 oz");
    expect(readable("BBQ sauce")).toBe("BBQ sauce");
    expect(readable("")).toBe("");
  });

  it("says what it is first, then brand and size, each once", () => {
    const bars = { title: "Granola bars", more: "National 857 · 8.9 oz" };
    expect(partsOf("GRANOLA BARS, National 857, 8.9 OZ", "8.9 OZ")).toEqual(bars);
    expect(partsOf("GRANOLA BARS, National 857", "8.9 OZ")).toEqual(bars);
    expect(partsOf("Flour", "each")).toEqual({ title: "Flour", more: "each" });
    expect(partsOf("Flour", "")).toEqual({ title: "Flour", more: "" });
  });
});

test("a name in one line keeps its brand and size", () => {
  expect(inOneLine("GRANOLA BARS, National 857, 8.9 OZ")).toBe("Granola bars, National 857, 8.9 oz");
  expect(inOneLine("BBQ sauce")).toBe("BBQ sauce");
});
