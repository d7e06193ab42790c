/** The state of an order as a pill: its word, and the same tone on every screen. */
import type { Status } from "../orders";
import { statusName } from "../status";
import { Pill, type Tone } from "./pieces";

const TONES: Partial<Record<Status, Tone>> = {
  ready: "warm",
  out_for_delivery: "good",
  delivered: "good",
  failed: "bad",
  rejected: "bad",
};

export function toneOf(status: Status): Tone {
  return TONES[status] ?? "plain";
}

export function StatusPill({ status }: { status: Status }) {
  return <Pill tone={toneOf(status)}>{statusName(status)}</Pill>;
}
