/** The state of an order as a pill. */
import type { Status } from "../orders";
import { statusName, toneOf } from "../status";
import { Pill } from "./pieces";

export { statusName, toneOf };

export function StatusPill({ status }: { status: Status }) {
  return <Pill tone={toneOf(status)}>{statusName(status)}</Pill>;
}
