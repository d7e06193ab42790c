/**
 * What an admin may do with an order, by the state that it is in: as services/orders/domain.py decides it.
 *
 * Nobody confirms an order by hand: it is confirmed by itself as soon as its stock is held, and rejected when there is
 * too little.
 */
import type { Entry, Status } from "../../orders";

export const ACTS = ["prepare", "ready", "offer", "assign", "unassign", "reject", "cancel"] as const;
export type Act = (typeof ACTS)[number];
/** The states that an order can be moved to. */
export type Target = Exclude<Status, "pending">;

/** What of an order is needed to act on it: an entry of a list has it, and an order whole. */
export type Acted = Pick<Entry, "id" | "number" | "version" | "status" | "zone" | "driver_id">;

interface Step {
  to: Target;
  from: readonly Status[];
  when?: (order: Pick<Entry, "driver_id">) => boolean;
}

const STEPS: Record<Act, Step> = {
  prepare: { to: "preparing", from: ["confirmed"] },
  ready: { to: "ready", from: ["preparing"] },
  offer: { to: "ready", from: ["failed"] },
  assign: { to: "ready", from: ["ready"] },
  unassign: { to: "ready", from: ["ready"], when: ({ driver_id }) => driver_id !== null },
  reject: { to: "rejected", from: ["pending"] },
  cancel: { to: "cancelled", from: ["confirmed", "preparing", "ready", "failed"] },
};

/** What people are asked a reason for: somebody else is told of it. */
export const NEEDS_A_REASON: ReadonlySet<Act> = new Set<Act>(["reject", "cancel"]);

/** The way of an order that nothing goes wrong with. */
const ONWARD: readonly Act[] = ["prepare", "ready", "offer", "assign"];

export function targetOf(act: Act): Target {
  return STEPS[act].to;
}

export function may(act: Act, order: Pick<Entry, "status" | "driver_id">): boolean {
  const { from, when } = STEPS[act];
  return from.includes(order.status) && (when?.(order) ?? true);
}

/** The one evident next step; none while an order waits for others. */
export function nextOf(order: Pick<Entry, "status" | "driver_id">): Act | undefined {
  return ONWARD.find((act) => may(act, order) && !(act === "assign" && order.driver_id !== null));
}

/** Of these orders, those that each act is for; acts that are for none are left out. */
export function actsFor<T extends Pick<Entry, "status" | "driver_id">>(orders: readonly T[]): [Act, T[]][] {
  return ACTS.map((act): [Act, T[]] => [act, orders.filter((order) => may(act, order))]).filter(
    ([, those]) => those.length > 0,
  );
}
