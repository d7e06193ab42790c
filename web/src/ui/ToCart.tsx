/** A product's place in the cart: a button that puts it there, and how much of it is there from then on. */
import { cartShelf, texts } from "../app";
import { add, type Product, setQuantity } from "../lib/cart";
import { useStore } from "./hooks";
import { partsOf } from "./names";
import { Quantity } from "./Quantity";

const say = texts({
  en: { add: "Add", addThis: "Add {name}", soldOut: "Not there now" },
  de: { add: "Dazu", addThis: "{name} dazulegen", soldOut: "Zurzeit nicht da" },
});

export function ToCart({ product, quantity = 1 }: { product: Product; quantity?: number }) {
  const line = useStore(cartShelf.cart).lines.find((each) => each.product.id === product.id);
  const { title, more } = partsOf(product.name, product.unit);
  const name = `${title}, ${more}`;
  if (line !== undefined) {
    const change = (wanted: number) => cartShelf.change((cart) => setQuantity(cart, product.id, wanted));
    return <Quantity name={name} value={line.quantity} least={0} onChange={change} />;
  }
  if (!product.available) return <span class="quiet">{say("soldOut")}</span>;
  return (
    <button
      type="button"
      aria-label={say("addThis", { name })}
      onClick={() => cartShelf.change((cart) => add(cart, { product, quantity }))}
    >
      {say("add")}
    </button>
  );
}
