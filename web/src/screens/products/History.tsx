/** Who changed what of a product, the newest first. */
import { useEffect, useState } from "preact/hooks";
import { api, clock, locale, session } from "../../app";
import type { components } from "../../generated/catalog";
import { answer } from "../../lib/api";
import type { Difference } from "../../lib/changes";
import { Pages } from "../../lib/pages";
import { when } from "../../lib/time";
import { ChangeList } from "../../ui/Changes";
import { useStore } from "../../ui/hooks";
import { More } from "../../ui/More";
import { Trouble } from "../../ui/pieces";
import type { Product } from "./product";
import { say } from "./texts";
import { WORDS } from "./words";

type Entry = components["schemas"]["HistoryEntry"];

const PAGE = 10;

export function History({ product: { id, version } }: { product: Product }) {
  const [pages] = useState(
    () =>
      new Pages<string, Entry>((product_id, cursor) =>
        answer(
          api.GET("/api/catalog/products/{product_id}/history", {
            params: { path: { product_id }, query: { limit: PAGE, ...(cursor === null ? {} : { cursor }) } },
            headers: { "Cache-Control": "no-cache" },
          }),
        ),
      ),
  );
  const { items, more, busy, error } = useStore(pages.state);
  // Each version is an entry.
  useEffect(() => {
    pages.ask(id);
  }, [id, version]);
  return (
    <section class="card history">
      <h2>{say("history")}</h2>
      <Trouble error={error} />
      {items === null && error === null && <p class="quiet">{say("loadingHistory")}</p>}
      {items?.length === 0 && <p class="quiet">{say("noHistory")}</p>}
      <ol>
        {items?.map((entry) => (
          <li key={entry.version}>
            <b>{when(entry.at, clock.now(), locale)}</b> <span class="quiet">{whoOf(entry)}</span>
            <ChangeList changes={changesOf(entry)} words={WORDS} />
          </li>
        ))}
      </ol>
      <More list={{ more, busy }} onMore={() => pages.more()} />
    </section>
  );
}

function whoOf({ actor }: Entry): string {
  if (actor.role === "system") return say("bySystem");
  const me = session.person.value;
  return me !== null && me.id === actor.id ? say("by", { name: me.name }) : say("byAdmin");
}

function changesOf({ changes }: Entry): Difference[] {
  return Object.entries(changes).map(([field, change]) => ({ field, before: change.from, after: change.to }));
}
