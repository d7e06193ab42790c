import { describe, expect, it } from "vitest";
import { Memory, type Storing } from "../src/lib/memory";

/** A browser's storage, with what is in it; `full` takes nothing more. */
function storage(full = false): Storing & { kept: Map<string, string>; full: boolean } {
  const kept = new Map<string, string>();
  return {
    kept,
    full,
    getItem: (key) => kept.get(key) ?? null,
    setItem(key, text) {
      if (this.full) throw new DOMException("full", "QuotaExceededError");
      kept.set(key, text);
    },
    removeItem: (key) => kept.delete(key),
  };
}

describe("what a page remembers", () => {
  it("is in the browser's storage, as other tabs have it", () => {
    const shared = storage();
    const [here, there] = [new Memory(() => shared), new Memory(() => shared)];
    here.setItem("cart", "1");
    there.setItem("cart", "2");
    expect([here.getItem("cart"), here.lasting.value]).toEqual(["2", true]);
    there.removeItem("cart");
    expect(here.getItem("cart")).toBeNull();
  });

  it("is in the page alone while the storage is full, and that is said", () => {
    const shared = storage(true);
    const memory = new Memory(() => shared);
    memory.setItem("cart", "1");
    expect([memory.getItem("cart"), shared.kept.size, memory.lasting.value]).toEqual(["1", 0, false]);
    shared.full = false;
    memory.setItem("cart", "2");
    expect([memory.getItem("cart"), shared.kept.get("cart")]).toEqual(["2", "2"]);
  });

  it("is in the page alone where the browser refuses even to be asked", () => {
    const memory = new Memory(() => {
      throw new DOMException("denied", "SecurityError");
    });
    expect([memory.getItem("cart"), memory.lasting.value]).toEqual([null, false]);
    memory.setItem("cart", "1");
    expect(memory.getItem("cart")).toBe("1");
    memory.removeItem("cart");
    expect(memory.getItem("cart")).toBeNull();
  });
});
