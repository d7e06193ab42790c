/** Products: of a category, or of a search with the best match first; page by page. */
import { useEffect, useState } from "preact/hooks";
import { type Listed, listProducts, type Products } from "../../catalogue";
import type { ReadState } from "../../lib/read";
import { useRead } from "../../ui/hooks";
import { More } from "../../ui/More";
import { readable } from "../../ui/names";
import { ProductCard } from "./ProductCard";
import { say } from "./texts";

interface FoundProps {
  /** Null with an empty `q`: it is not known yet which. */
  category: string | null;
  q: string;
  first: ReadState<Products | null>;
  onClear: () => void;
}

/** The first page of what is looked at; nothing while that is not known yet. */
export function useFirstPage(category: string | null, q: string): ReadState<Products | null> {
  const isKnown = category !== null || q !== "";
  return useRead(isKnown ? `products ${category ?? ""} ${q}` : null, async () =>
    isKnown ? listProducts(category, q, null) : null,
  );
}

export function Found(props: FoundProps) {
  return <Pages key={`${props.category ?? ""} ${props.q}`} {...props} />;
}

function Pages({ first: { value: first, error }, q, category, onClear }: FoundProps) {
  const title = q === "" ? readable(category ?? "") : say("results", { q });
  const [more, setMore] = useState<Products | null>(null);
  const [trouble, setTrouble] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => setMore(null), [first]); // a new first page has pages of its own after it
  const items: readonly Listed[] = [...(first?.items ?? []), ...(more?.items ?? [])];
  const cursor = more === null ? (first?.next_cursor ?? null) : more.next_cursor;

  async function loadMore(): Promise<void> {
    setBusy(true);
    try {
      const next = await listProducts(category, q, cursor);
      setMore({ items: [...(more?.items ?? []), ...next.items], next_cursor: next.next_cursor });
      setTrouble(null);
    } catch (thrown) {
      setTrouble(thrown as Error);
    }
    setBusy(false);
  }

  const told = cursor === null ? say("found", { count: items.length }) : say("foundMore", { count: items.length });
  return (
    <div class="found" aria-busy={first === null}>
      {title !== "" && <h2>{title}</h2>}
      <p class={q === "" ? "unseen" : "quiet"} role="status">
        {q !== "" && first !== null ? told : ""}
      </p>
      {first === null && error === null && <Waiting />}
      {first !== null && items.length === 0 && q !== "" && (
        <div class="empty">
          <h2>{say("nothing", { q })}</h2>
          <p class="quiet">{say("nothingHint")}</p>
          <button type="button" onClick={onClear}>
            {say("clear")}
          </button>
        </div>
      )}
      <ul class="products">
        {items.map((product) => (
          <li key={product.id}>
            <ProductCard product={product} />
          </li>
        ))}
      </ul>
      <More list={{ more: cursor !== null, busy, missed: trouble }} onMore={loadMore} />
    </div>
  );
}

/** The room that a page of products takes. */
function Waiting() {
  return (
    <div class="products skeletons" role="status" aria-label={say("loading")}>
      {Array.from({ length: 12 }, (_, place) => (
        <div class="skeleton" key={place} />
      ))}
    </div>
  );
}
