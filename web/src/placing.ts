/**
 * The present person's cart on its way to becoming an order, and back again when that is refused.
 *
 * Invariants: the cart is emptied once its order is kept in the outbox, under the cart's own name as its key; the lines of
 * a refused order go back into the cart before the refusal is taken away.
 */
import { cartShelf, clock, live, outbox } from "./app";
import { getProducts } from "./catalogue";
import { place, takeBack } from "./deeds";
import type { ProblemDocument } from "./lib/api";
import { add, learn, type Ordered, wishesOf } from "./lib/cart";
import type { Order } from "./orders";

/** Who waits longer for an answer is told that it is kept, and goes on; without a network there is none to wait for. */
const PATIENCE_MS = 2500;

export type Placed = { is: "placed"; order: Order } | { is: "refused"; refusal: ProblemDocument } | { is: "waiting" };

/** Orders what is in the cart. Refused at once, it is in the cart again. */
export async function placeCart(): Promise<Placed> {
  const cart = cartShelf.cart.value;
  const answered = answerTo(cart.id);
  await outbox.add(place(cart), cart.id);
  cartShelf.ordered(cart.id);
  return answered;
}

/** Puts the lines of an order into the cart; today's prices are shown beside its own as soon as they are known. */
export function orderAgain(order: Ordered): void {
  cartShelf.change((cart) => wishesOf(order).reduce(add, cart));
}

/** Asks what the cart's products cost and whether they are there. */
export async function refreshCart(): Promise<void> {
  const products = await getProducts(cartShelf.cart.value.lines.map(({ product }) => product.id));
  if (cartShelf.cart.value.lines.length > 0) cartShelf.change((cart) => learn(cart, products));
}

function answerTo(key: string): Promise<Placed> {
  return new Promise((resolve, reject) => {
    const stops = [
      clock.after(live.status.value.is === "offline" ? 0 : PATIENCE_MS, () => end({ is: "waiting" })),
      outbox.whenDone((action, order) => {
        if (action.key === key) end({ is: "placed", order: order as unknown as Order });
      }),
      outbox.actions.watch((actions) => {
        const action = actions.find((each) => each.key === key);
        if (action === undefined || action.refusal === null) return;
        const { refusal } = action;
        stop();
        takeBack(action).then(() => resolve({ is: "refused", refusal }), reject);
      }),
    ];
    function stop(): void {
      for (const each of stops) each();
    }
    function end(placed: Placed): void {
      stop();
      resolve(placed);
    }
  });
}
