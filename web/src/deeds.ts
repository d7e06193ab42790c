/**
 * Everything that people can have done through the outbox, each made in one place and named in the reader's words: an
 * action that waits or was refused is shown wherever its person is, not only on the screen that it was done on.
 *
 * To add one: a function that makes it, and a line in KINDS.
 */
import { locale, outbox, texts } from "./app";
import { backIntoCart } from "./cart";
import type { components } from "./generated/orders";
import type { Action, Deed } from "./lib/action";
import { type Cart, type Line, totalOf } from "./lib/cart";
import { money } from "./lib/money";

type Transition = components["schemas"]["Transition"];

const say = texts({
  en: {
    confirmed: "Confirm order {number}",
    rejected: "Reject order {number}",
    preparing: "Prepare order {number}",
    ready: "Order {number} is ready",
    out_for_delivery: "Take order {number}",
    delivered: "Hand over order {number}",
    failed: "Order {number} could not be delivered",
    cancelled: "Cancel order {number}",
    prove: "Proof of order {number}",
    onDuty: "Go on duty",
    offDuty: "Go off duty",
    place: { one: "Order of {count} line, {total}", other: "Order of {count} lines, {total}" },
    backToCart: "Back to the cart",
    look: "Look at the order",
    lookAtAccount: "Look at the account",
    given: "Give order {number} to {driver}",
    taken: "Take order {number} from its driver",
    paid: "Record a payment of {sum} by {restaurant}",
    unknown: "An action of another version",
  },
  de: {
    confirmed: "Bestellung {number} bestätigen",
    rejected: "Bestellung {number} ablehnen",
    preparing: "Bestellung {number} vorbereiten",
    ready: "Bestellung {number} ist bereit",
    out_for_delivery: "Bestellung {number} übernehmen",
    delivered: "Bestellung {number} übergeben",
    failed: "Bestellung {number} war nicht zustellbar",
    cancelled: "Bestellung {number} stornieren",
    prove: "Nachweis zu Bestellung {number}",
    onDuty: "Dienst beginnen",
    offDuty: "Dienst beenden",
    place: { one: "Bestellung mit {count} Position, {total}", other: "Bestellung mit {count} Positionen, {total}" },
    backToCart: "Zurück in den Korb",
    look: "Zur Bestellung",
    lookAtAccount: "Zum Konto",
    given: "Bestellung {number} an {driver} geben",
    taken: "Bestellung {number} vom Fahrer zurücknehmen",
    paid: "Zahlung von {sum} durch {restaurant} verbuchen",
    unknown: "Eine Aktion einer anderen Version",
  },
});

/** Where a person goes on after a refusal, such as the cart with its new prices. */
export interface WayOut {
  href: string;
  name: string;
}

interface Kind {
  name(action: Action): string;
  /** Whether the server answers it with the order as it is then. */
  answersWithOrder?: boolean;
  wayOut?(action: Action): WayOut;
  /** Gives back what it was made of, when it is taken back or was refused. */
  restore?(action: Action): void;
}

const KINDS: Record<string, Kind> = {
  move: {
    name: ({ about }) => nameOfMove(about),
    answersWithOrder: true,
    wayOut: ({ about }) => ({ href: `/orders/${about.order}`, name: say("look") }),
  },
  pay: {
    name: ({ about }) =>
      say("paid", { sum: money(Number(about.amount_cents), locale), restaurant: String(about.name) }),
    wayOut: ({ about }) => ({ href: `/restaurants/${about.restaurant}`, name: say("lookAtAccount") }),
  },
  prove: { name: ({ about }) => say("prove", { number: String(about.number) }) },
  duty: { name: ({ about }) => say(about.on === 1 ? "onDuty" : "offDuty") },
  place: {
    name(action) {
      const { lines, total_cents } = placedOf(action);
      return say("place", { count: lines.length, total: money(total_cents, locale) });
    },
    answersWithOrder: true,
    wayOut: () => ({ href: "/cart", name: say("backToCart") }),
    restore: (action) => backIntoCart(action, placedOf(action)),
  },
};

/** An order's next step, if it is still as the person saw it. `more`: why, or which driver, whose name `driver` is. */
export function move(
  order: { id: string; number: number; version: number },
  to: Transition["to"],
  more: Pick<Transition, "reason" | "driver_id"> = {},
  driver?: string,
): Deed {
  const given = more.driver_id === null ? { driver: "" } : driver === undefined ? {} : { driver };
  return {
    kind: "move",
    about: { order: order.id, number: order.number, to, ...given },
    method: "POST",
    path: `/api/orders/${order.id}/transitions`,
    body: { to, expected_version: order.version, ...more },
  };
}

/** Who took a delivery, and their signature or a photo in base64. */
export function prove(order: { id: string; number: number }, proof: components["schemas"]["PutProof"]): Deed {
  return {
    kind: "prove",
    about: { order: order.id, number: order.number },
    method: "PUT",
    path: `/api/orders/${order.id}/proof`,
    body: { ...proof },
  };
}

/** A driver begins or ends their day. */
export function setDuty(on: boolean): Deed {
  const body = { on_duty: on };
  return { kind: "duty", about: { on: Number(on) }, method: "PUT", path: "/api/orders/duty", body };
}

/** A cart's order, at the prices that the person saw. Its lines go with it, so that they come back if it is refused. */
export function place(cart: Cart): Deed {
  return {
    kind: "place",
    about: { lines: cart.lines, note: cart.note, total_cents: totalOf(cart) },
    method: "POST",
    path: "/api/orders",
    body: {
      items: cart.lines.map(({ product, quantity }) => ({
        product_id: product.id,
        quantity,
        price_cents: product.price_cents,
        ...(product.version > 0 ? { version: product.version } : {}),
      })),
      ...(cart.note.trim() === "" ? {} : { note: cart.note.trim() }),
    },
  };
}

/** What a placed order was made of. */
function placedOf({ about }: Pick<Deed, "about">): {
  lines: readonly Line[];
  note: string;
  total_cents: number;
} {
  return about as unknown as { lines: readonly Line[]; note: string; total_cents: number };
}

/** What a restaurant has paid, in cents. */
export function pay(restaurant: { id: string; name: string }, amount_cents: number, reference: string | null): Deed {
  return {
    kind: "pay",
    about: { restaurant: restaurant.id, name: restaurant.name, amount_cents },
    method: "POST",
    path: "/api/orders/payments",
    body: { restaurant_id: restaurant.id, amount_cents, reference },
  };
}

export function nameOf(action: Action): string {
  return KINDS[action.kind]?.name(action) ?? say("unknown");
}

export function answersWithOrder({ kind }: Action): boolean {
  return KINDS[kind]?.answersWithOrder ?? false;
}

export function wayOutOf(action: Action): WayOut | undefined {
  return KINDS[action.kind]?.wayOut?.(action);
}

/** Takes back what waits, or what was refused; what it was made of is not lost. */
export async function takeBack(action: Action): Promise<void> {
  KINDS[action.kind]?.restore?.(action);
  await outbox.remove(action.key);
}

function nameOfMove({ to, number, driver }: Action["about"]): string {
  const values = { number: String(number), driver: String(driver) };
  if (driver !== undefined) return say(driver === "" ? "taken" : "given", values);
  return say(to as Transition["to"] & Parameters<typeof say>[0], values);
}
