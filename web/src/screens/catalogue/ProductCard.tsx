/** A product: what it is, what it costs, and how much of it is in the cart. */
import { locale } from "../../app";
import { forCart, type Listed } from "../../catalogue";
import { money } from "../../lib/money";
import { partsOf } from "../../ui/names";
import { ToCart } from "../../ui/ToCart";
import { say } from "./texts";

/** `usually`: how many of it an order has. */
export function ProductCard({ product, usually = 1 }: { product: Listed; usually?: number }) {
  const { title, more } = partsOf(product.name, product.unit);
  return (
    <article class="card product" data-missing={!product.available}>
      <h3>
        <a href={`/products/${product.id}`} class="product-link">
          {title}
        </a>
      </h3>
      <p class="quiet">
        {more}
        {usually > 1 && ` · ${say("usually", { count: usually })}`}
      </p>
      <div class="buy">
        <b>{money(product.price_cents, locale)}</b>
        <ToCart product={forCart(product)} quantity={usually} />
      </div>
    </article>
  );
}
