/**
 * The course of an order: what happened, and what is still to come if nothing goes wrong. Pure; the words are elsewhere.
 */
import type { HistoryEntry, Status } from "../../orders";

/** The way from the kitchen's order to its door. */
const WAY: readonly Status[] = ["pending", "confirmed", "preparing", "ready", "out_for_delivery", "delivered"];

/** The states that an order in this one still has before it. Nothing where it ended or went astray. */
export function ahead(status: Status): readonly Status[] {
  const place = WAY.indexOf(status);
  return place < 0 ? [] : WAY.slice(place + 1);
}

/** What is told of: a route that was put in another order changes a stop, and is nobody's news here. */
export function toldOf(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  return history.filter((entry, place) => {
    const before = history[place - 1];
    return entry.event !== "OrderAssigned" || before === undefined || before.driver_id !== entry.driver_id;
  });
}

/** Who did it, where that says something: what follows by itself from the stock, or from being on the way, does not. */
export function doerOf({ event, actor_role }: HistoryEntry): "restaurant" | "admin" | "byDriver" | null {
  if (event !== "OrderCancelled" && event !== "OrderRejected") return null;
  if (actor_role === "system") return null;
  return actor_role === "driver" ? "byDriver" : actor_role;
}
