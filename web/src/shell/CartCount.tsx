import { cartShelf } from "../app";
import { useStore } from "../ui/hooks";
import { say } from "./texts";

/** How many lines are in the cart, beside its name. */
export function CartCount() {
  const { length } = useStore(cartShelf.cart).lines;
  if (length === 0) return null;
  return (
    <span class="lines-count">
      <span aria-hidden="true">{length}</span>
      <span class="unseen">, {say("cartLines", { count: length })}</span>
    </span>
  );
}
