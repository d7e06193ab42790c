/**
 * Where a kitchen begins: what it usually orders, a search that answers as one types, and the catalogue by categories.
 * What is looked at stands in the address, so that going back goes back.
 */

import { useLocation } from "preact-iso";
import { memory } from "../../app";
import { type Category, listCategories, listUsual, type Usual as UsualProduct } from "../../catalogue";
import type { ReadState } from "../../lib/read";
import { Freshness } from "../../ui/Freshness";
import { useRead, useTitle } from "../../ui/hooks";
import { Categories } from "./Categories";
import { Found, useFirstPage } from "./Found";
import { Search } from "./Search";
import { say } from "./texts";
import { Usual } from "./Usual";
import "./catalogue.css";

const REMEMBERED = "larder.category";

export default function Catalogue() {
  useTitle(say("catalogue"));
  const { query, route } = useLocation();
  const q = query.q ?? "";
  const categories = useRead("categories", listCategories);
  const usual = useRead("usual", listUsual);
  // The one that was looked at last: its first page is on the way before anything else has come.
  const chosen = query.category ?? memory.getItem(REMEMBERED) ?? firstOf(usual, categories.value);
  const first = useFirstPage(q === "" ? chosen : null, q);

  function look(next: { q?: string; category?: string }): void {
    if (next.category !== undefined) memory.setItem(REMEMBERED, next.category);
    const address = new URLSearchParams(next as Record<string, string>).toString();
    route(address === "" ? "/" : `/?${address}`, q !== "" && next.q !== undefined);
  }

  return (
    <section class="catalogue">
      <h1 class="unseen">{say("catalogue")}</h1>
      <div>
        <Search q={q} onSearch={(typed) => look(typed === "" ? {} : { q: typed })} />
        <Freshness of={q === "" ? [usual, categories, first] : [first]} />
      </div>
      {q !== "" && <Found category={null} q={q} first={first} onClear={() => look({})} />}
      {q === "" && (
        <>
          <Usual usual={usual} />
          <div class="shelves">
            <Categories all={categories.value ?? []} chosen={chosen} onChoose={(category) => look({ category })} />
            <Found category={chosen} q="" first={first} onClear={() => look({})} />
          </div>
        </>
      )}
    </section>
  );
}

/** Where a kitchen begins that has not looked yet: where it orders most, else at the beginning. */
function firstOf(usual: ReadState<readonly UsualProduct[]>, categories: readonly Category[] | null): string | null {
  if (usual.value === null && usual.error === null) return null;
  return usual.value?.[0]?.product.category ?? categories?.[0]?.name ?? null;
}
