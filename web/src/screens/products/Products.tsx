/** The whole catalogue as its keeper sees it: what is sold and what is not, with stock. The newest first. */

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { api, locale } from "../../app";
import { answer } from "../../lib/api";
import { money } from "../../lib/money";
import { Pages } from "../../lib/pages";
import { useStore, useTitle } from "../../ui/hooks";
import { More } from "../../ui/More";
import { partsOf, readable } from "../../ui/names";
import { Heading, Pill, Skeletons, Trouble } from "../../ui/pieces";
import { SearchField } from "../../ui/SearchField";
import { useCategories } from "./categories";
import type { Product } from "./product";
import { say } from "./texts";
import "./products.css";

interface Question {
  q: string;
  category: string;
  active: string;
}

const PAGE = 50;

function page({ q, category, active }: Question, cursor: string | null) {
  return answer(
    api.GET("/api/catalog/admin/products", {
      params: {
        query: {
          limit: PAGE,
          ...(q && { q }),
          ...(category && { category }),
          ...(active && { active: active === "true" }),
          ...(cursor === null ? {} : { cursor }),
        },
      },
    }),
  );
}

export default function Products() {
  useTitle(say("products"));
  const { path, query, route } = useLocation();
  const [q, category, active] = [query.q ?? "", query.category ?? "", query.active ?? ""];
  const [pages] = useState(() => new Pages<Question, Product>(page));
  const { items, more, busy, error } = useStore(pages.state);
  useEffect(() => {
    pages.ask({ q, category, active });
  }, [q, category, active]);

  function look(change: Partial<Question>): void {
    const wanted = Object.entries({ q, category, active, ...change }).filter(([, value]) => value !== "");
    route(wanted.length === 0 ? path : `${path}?${new URLSearchParams(wanted)}`, true);
  }

  return (
    <section>
      <Heading title={say("products")} line={say("line")}>
        <div class="actions">
          <a class="button" href="/api/catalog/exports/products.csv" download>
            {say("exportFile")}
          </a>
          <a class="button" href="/products/import">
            {say("importFile")}
          </a>
          <a class="button go" href="/products/new">
            {say("add")}
          </a>
        </div>
      </Heading>
      <search class="filters">
        <SearchField label={say("find")} value={q} onSearch={(found) => look({ q: found })} />
        <Categories chosen={category} onChoose={(chosen) => look({ category: chosen })} />
        <select
          class="narrow"
          aria-label={say("sold")}
          value={active}
          onChange={({ currentTarget }) => look({ active: currentTarget.value })}
        >
          <option value="">{say("everySold")}</option>
          <option value="true">{say("active")}</option>
          <option value="false">{say("inactive")}</option>
        </select>
      </search>
      <Trouble error={error} />
      {items === null && error === null && <Skeletons count={6} label={say("loading")} />}
      {items?.length === 0 && (
        <div class="empty">
          <p>{say("none")}</p>
          <p class="quiet">{say("noneHint")}</p>
        </div>
      )}
      {items !== null && items.length > 0 && (
        <ul class="rows" aria-busy={busy}>
          {items.map((product) => (
            <Row key={product.id} product={product} />
          ))}
        </ul>
      )}
      <More list={{ more, busy }} onMore={() => pages.more()} />
    </section>
  );
}

function Categories({ chosen, onChoose }: { chosen: string; onChoose: (category: string) => void }) {
  const { names, error } = useCategories();
  const known = chosen === "" || names.includes(chosen) ? names : [chosen, ...names];
  return (
    <select
      class="narrow"
      aria-label={say("category")}
      value={chosen}
      onChange={({ currentTarget }) => onChoose(currentTarget.value)}
    >
      <option value="">{say("everyCategory")}</option>
      {error !== null && <option disabled>{error.message}</option>}
      {known.map((name) => (
        <option key={name} value={name}>
          {readable(name)}
        </option>
      ))}
    </select>
  );
}

function Row({ product: { id, name, sku, category, unit, price_cents, stock, active } }: { product: Product }) {
  const { title, more } = partsOf(name, unit);
  return (
    <li>
      <a class="row" href={`/products/${id}`}>
        <span class="what">
          <b>{title}</b>
          <span class="quiet">{[more, readable(category), sku].join(" · ")}</span>
        </span>
        <span class="much">
          <b>{money(price_cents, locale)}</b>
          <br />
          {active ? <span class="quiet">{stockOf(stock)}</span> : <Pill>{say("inactive")}</Pill>}
        </span>
      </a>
    </li>
  );
}

function stockOf(stock: number | null): string {
  if (stock === null) return say("notCounted");
  return stock === 0 ? say("soldOut") : say("counted", { count: stock });
}
