/** How the lines of an order come back into the present person's cart. */
import { cartShelf } from "./app";
import type { Action } from "./lib/action";
import { type Line, putBack } from "./lib/cart";
import { afterRefusal } from "./lib/refusal";

/**
 * With what the refusal told of them. They come back under the order's key: if it was placed all the same, since it was
 * on its way when it was taken back, ordering it again is the same order.
 */
export function backIntoCart(
  { key, refusal }: Action,
  { lines, note }: { lines: readonly Line[]; note: string },
): void {
  const news = refusal === null ? lines : afterRefusal(lines, refusal);
  const used = refusal?.code === "key_reused"; // for another cart of this name: this one needs its own
  cartShelf.change((cart) => putBack(used ? cart : { ...cart, id: key }, news, note));
}
