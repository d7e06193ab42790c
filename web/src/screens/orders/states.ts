/** What the list can be narrowed to, as it stands in the address. */
import type { Status } from "../../orders";
import { statusName } from "../../status";
import { say } from "./texts";

export type State = "all" | "active" | Status;

/** In the order of an order's life; what seldom happens last. */
export const STATES: readonly State[] = [
  "all",
  "active",
  "pending",
  "confirmed",
  "preparing",
  "ready",
  "out_for_delivery",
  "delivered",
  "failed",
  "rejected",
  "cancelled",
];

export function isState(text: string | undefined): text is State {
  return (STATES as readonly (string | undefined)[]).includes(text);
}

export function nameOf(state: State): string {
  return state === "all" || state === "active" ? say(state) : statusName(state);
}
