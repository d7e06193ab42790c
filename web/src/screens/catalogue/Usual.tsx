/** What this kitchen orders: its usual products, and its last order, each in the cart with one tap. */

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { api, cartShelf, locale } from "../../app";
import { forCart, type Usual as UsualProduct } from "../../catalogue";
import { answer } from "../../lib/api";
import { add } from "../../lib/cart";
import { money } from "../../lib/money";
import type { ReadState } from "../../lib/read";
import { getOrder } from "../../orders";
import { orderAgain } from "../../placing";
import { useRead } from "../../ui/hooks";
import { Trouble } from "../../ui/pieces";
import { ProductCard } from "./ProductCard";
import { say } from "./texts";

/** The last order, whole, so that it can be ordered again without a network too. */
async function lastOrder() {
  const { items } = await answer(api.GET("/api/orders", { params: { query: { limit: 1 } } }));
  const last = items[0];
  return last === undefined ? null : getOrder(last.id);
}

export function Usual({ usual }: { usual: ReadState<readonly UsualProduct[]> }) {
  const last = useRead("last order", lastOrder);
  const { route } = useLocation();
  const [error, setError] = useState<Error | null>(null);
  const items = usual.value ?? [];
  const order = last.value;
  function take(fill: () => void): void {
    try {
      fill();
      route("/cart");
    } catch (thrown) {
      setError(thrown as Error);
    }
  }

  return (
    <section class="usual" aria-labelledby="usual">
      <header>
        <div>
          <h2 id="usual">{say("usual")}</h2>
          <p class="quiet">{say("usualWords")}</p>
        </div>
        <div class="actions">
          {order !== null && (
            <button type="button" onClick={() => take(() => orderAgain(order))}>
              <span>
                {say("again")}
                <small class="quiet">
                  {say("lastWords", { count: order.items.length, total: money(order.total_cents, locale) })}
                </small>
              </span>
            </button>
          )}
          {items.length > 0 && (
            <button type="button" onClick={() => take(() => addAll(items))}>
              {say("addUsual")}
            </button>
          )}
        </div>
      </header>
      <Trouble error={error} />
      {usual.value?.length === 0 && <p class="hint">{say("usualHint")}</p>}
      <ul class="strip">
        {usual.value === null && usual.error === null && <Waiting />}
        {items.map(({ product, quantity }) => (
          <li key={product.id}>
            <ProductCard product={product} usually={quantity} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The room that the usual takes. */
function Waiting() {
  return (
    <>
      {Array.from({ length: 4 }, (_, place) => (
        <li class="skeleton" key={place} />
      ))}
    </>
  );
}

function addAll(items: readonly UsualProduct[]): void {
  cartShelf.change((cart) =>
    items.reduce((sum, { product, quantity }) => add(sum, { product: forCart(product), quantity }), cart),
  );
}
