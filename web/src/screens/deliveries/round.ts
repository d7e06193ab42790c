/**
 * A driver's round: what is to be done next, and after that. Pure.
 *
 * What the driver did and the server has not answered yet counts as done: a phone in a basement goes on to the next stop.
 */
import type { Action } from "../../lib/action";
import type { Entry, Status } from "../../orders";

export interface Round {
  /** On the way, in the order of their stops: the first one is next. */
  stops: readonly Entry[];
  /** Ready, and theirs: to be loaded before they set out. */
  loads: readonly Entry[];
  /** Ready, and nobody's: the newest first, as they came. */
  offers: readonly Entry[];
  /** Handed over or reported, and not sent yet. */
  unsent: readonly Entry[];
}

export const NOTHING: Round = { stops: [], loads: [], offers: [], unsent: [] };

/** `orders` are theirs, `offers` their zone's; of what is on both, such as a claimed offer, the higher version counts. */
export function roundOf(
  orders: readonly Entry[],
  offers: readonly Entry[],
  actions: readonly Action[],
  driver: string,
): Round {
  const newest = new Map<string, Entry>();
  for (const entry of [...orders, ...offers]) {
    if ((newest.get(entry.id)?.version ?? 0) < entry.version) newest.set(entry.id, entry);
  }
  const known = [...newest.values()];
  const all = known.map((entry) => foreseen(entry, actions, driver));
  const mine = all.filter(({ driver_id }) => driver_id === driver).sort(byStop);
  return {
    stops: mine.filter(({ status }) => status === "out_for_delivery"),
    loads: mine.filter(({ status }) => status === "ready"),
    offers: all.filter(({ status, driver_id }) => status === "ready" && driver_id === null),
    unsent: all.filter((entry, place) => isOver(entry.status) && known[place]?.status !== entry.status),
  };
}

/** The order as it will be once what waits for the server is done, if nobody else comes first. */
export function foreseen(entry: Entry, actions: readonly Action[], driver: string): Entry {
  let after = entry;
  for (const { kind, about, body, refusal } of actions) {
    if (kind !== "move" || about.order !== entry.id || refusal !== null) continue;
    // One that was meant for another version is done already, or never will be.
    if ((body as { expected_version?: number }).expected_version !== after.version) continue;
    after = { ...after, status: about.to as Status, version: after.version + 1, driver_id: after.driver_id ?? driver };
  }
  return after;
}

function isOver(status: Status): boolean {
  return status === "delivered" || status === "failed";
}

/** A claimed offer has its stop once the server says so, and comes last until then. */
function byStop(a: Entry, b: Entry): number {
  const [left, right] = [a.stop ?? Number.MAX_SAFE_INTEGER, b.stop ?? Number.MAX_SAFE_INTEGER];
  return left - right || (a.created_at < b.created_at ? -1 : 1);
}
