/**
 * A product's place in the cart: a button that puts it there, and how much of it is there from then on. Who pressed the
 * one has the focus on the other, to have one more of it at once.
 */
import { useEffect, useRef } from "preact/hooks";
import { cartShelf, texts } from "../app";
import { add, type Product, setQuantity } from "../lib/cart";
import { useStore } from "./hooks";
import { partsOf } from "./names";
import { Quantity } from "./Quantity";

const say = texts({
  en: { add: "Add", addThis: "Add {name}", soldOut: "Not there now" },
  de: { add: "Dazu", addThis: "{name} dazulegen", soldOut: "Zurzeit nicht da" },
});

interface ToCartProps {
  product: Product;
  /** What it begins with. */
  quantity?: number;
  /** Whether it is what one comes here to do. */
  primary?: boolean;
}

export function ToCart({ product, quantity = 1, primary = false }: ToCartProps) {
  const line = useStore(cartShelf.cart).lines.find((each) => each.product.id === product.id);
  const place = useRef<HTMLSpanElement>(null);
  const pressed = useRef(false);
  const isThere = line !== undefined;
  useEffect(() => {
    if (pressed.current) place.current?.querySelector<HTMLElement>("button:last-of-type")?.focus();
    pressed.current = false;
  }, [isThere]);
  const { title, more } = partsOf(product.name, product.unit);
  const name = `${title}, ${more}`;

  function change(wanted: number): void {
    pressed.current = wanted === 0;
    cartShelf.change((cart) => setQuantity(cart, product.id, wanted));
  }

  function put(): void {
    pressed.current = true;
    cartShelf.change((cart) => add(cart, { product, quantity }));
  }

  if (!isThere && !product.available) return <span class="quiet">{say("soldOut")}</span>;
  return (
    <span class="to-cart" ref={place}>
      {isThere ? (
        <Quantity name={name} value={line.quantity} least={0} onChange={change} />
      ) : (
        <button type="button" class={primary ? "go" : ""} aria-label={say("addThis", { name })} onClick={put}>
          {say("add")}
        </button>
      )}
    </span>
  );
}
