/** A line of the cart, with the price that was agreed to where today's is another one. */
import { cartShelf, locale } from "../../app";
import { type Line, setQuantity } from "../../lib/cart";
import { money } from "../../lib/money";
import { partsOf } from "../../ui/names";
import { Quantity } from "../../ui/Quantity";
import { say } from "./texts";

export function CartLine({ line: { product, quantity, agreed_cents } }: { line: Line }) {
  const { title, more } = partsOf(product.name, product.unit);
  const name = `${title}, ${more}`;
  const set = (wanted: number) => cartShelf.change((cart) => setQuantity(cart, product.id, wanted));
  return (
    <li class="cart-line" data-missing={!product.available}>
      <div class="what">
        <a href={`/products/${product.id}`}>{title}</a>
        <p class="quiet">
          {more} · {money(product.price_cents, locale)}
          {agreed_cents !== product.price_cents && (
            <span class="was"> {say("was", { price: money(agreed_cents, locale) })}</span>
          )}
        </p>
        {!product.available && <p class="warn">{say("missing")}</p>}
      </div>
      <Quantity name={name} value={quantity} least={1} onChange={set} />
      <b class="sum">{money(quantity * product.price_cents, locale)}</b>
      <button type="button" class="icon" aria-label={say("remove", { name })} onClick={() => set(0)}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="m4 4 8 8m0-8-8 8" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
        </svg>
      </button>
    </li>
  );
}
