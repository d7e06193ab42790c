/** One product: what is known of it, and how much of it is in the cart. */
import { useRoute } from "preact-iso";
import { cartShelf, locale } from "../../app";
import { forCart, getProduct, type Listed } from "../../catalogue";
import { money } from "../../lib/money";
import type { ReadState } from "../../lib/read";
import { Freshness } from "../../ui/Freshness";
import { useRead, useStore, useTitle } from "../../ui/hooks";
import { partsOf, readable } from "../../ui/names";
import { Heading, Pill, Skeletons, Trouble } from "../../ui/pieces";
import { ToCart } from "../../ui/ToCart";
import { say } from "./texts";
import "./product.css";

export default function Product() {
  const id = useRoute().params.id ?? "";
  const known = useRead(`product ${id}`, () => getProduct(id));
  const { value, asOf, error } = known;
  if (value !== null) return <Shown product={value} known={known} />;
  if (asOf === null && error === null) return <Skeletons count={2} label={say("loading")} />;
  return (
    <section class="empty">
      <h1>{say(asOf === null ? "unread" : "none")}</h1>
      <Trouble error={error} />
      <a class="button" href="/">
        {say("back")}
      </a>
    </section>
  );
}

function Shown({ product, known }: { product: Listed; known: ReadState<Listed | null> }) {
  const { title, more } = partsOf(product.name, product.unit);
  useTitle(title);
  const line = useStore(cartShelf.cart).lines.find((each) => each.product.id === product.id);
  const shelf = `/?${new URLSearchParams({ category: product.category })}`;
  return (
    <section class="one-product">
      <Heading title={title} line={more}>
        <Pill tone={product.available ? "good" : "warm"}>{say(product.available ? "there" : "missing")}</Pill>
      </Heading>
      <Freshness of={[known]} />
      <div class="card">
        <p class="price">{money(product.price_cents, locale)}</p>
        <dl>
          <dt>{say("unit")}</dt>
          <dd>{readable(product.unit)}</dd>
          <dt>{say("category")}</dt>
          <dd>
            <a href={shelf}>{readable(product.category)}</a>
          </dd>
          <dt>{say("sku")}</dt>
          <dd>{product.sku}</dd>
        </dl>
        <div class="actions">
          <ToCart product={forCart(product)} primary />
          {line !== undefined && (
            <>
              <p role="status">
                {say("sum", { quantity: line.quantity, sum: money(line.quantity * product.price_cents, locale) })}
              </p>
              <a class="button go" href="/cart">
                {say("toCart")}
              </a>
            </>
          )}
        </div>
      </div>
    </section>
  );
}
