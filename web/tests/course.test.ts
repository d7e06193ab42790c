import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../src/orders";
import { ahead, doerOf, toldOf } from "../src/screens/order/course";

function entry(event: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    version: 1,
    event,
    status: "ready",
    driver_id: null,
    driver_name: null,
    reason: null,
    stop: null,
    actor_id: null,
    actor_role: "admin",
    at: "2026-11-27T10:00:00Z",
    ...more,
  };
}

describe("the course of an order", () => {
  it("says what is still to come, as long as nothing goes wrong", () => {
    expect(ahead("pending")).toEqual(["confirmed", "preparing", "ready", "out_for_delivery", "delivered"]);
    expect(ahead("out_for_delivery")).toEqual(["delivered"]);
    for (const over of ["delivered", "cancelled", "rejected", "failed"] as const) expect(ahead(over)).toEqual([]);
  });

  it("tells who has the order, and not that a route was put in another order", () => {
    const given = entry("OrderAssigned", { driver_id: "a", stop: 1 });
    const moved = entry("OrderAssigned", { driver_id: "a", stop: 2 });
    const given_on = entry("OrderAssigned", { driver_id: "b", stop: 1 });
    expect(toldOf([entry("OrderReady"), given, moved, given_on])).toEqual([entry("OrderReady"), given, given_on]);
  });

  it("names who called it off, and nobody for what goes by itself", () => {
    expect(doerOf(entry("OrderCancelled", { actor_role: "restaurant" }))).toBe("restaurant");
    expect(doerOf(entry("OrderRejected", { actor_role: "system" }))).toBeNull();
    expect(doerOf(entry("OrderReady"))).toBeNull();
  });
});
