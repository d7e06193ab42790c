/** What was posted to a restaurant's account, the newest first. */
import { useEffect, useState } from "preact/hooks";
import { api, clock, locale } from "../../app";
import type { components } from "../../generated/orders";
import { answer } from "../../lib/api";
import { money } from "../../lib/money";
import { Pages } from "../../lib/pages";
import { when } from "../../lib/time";
import { useStore } from "../../ui/hooks";
import { More } from "../../ui/More";
import { Trouble } from "../../ui/pieces";
import { say } from "./texts";

type Entry = components["schemas"]["LedgerEntry"];

const PAGE = 10;

/** `posted` is another number when something was posted from here. */
export function Statement({ restaurant, posted }: { restaurant: string; posted: number }) {
  const [pages] = useState(
    () =>
      new Pages<string, Entry>((restaurant_id, cursor) =>
        answer(
          api.GET("/api/orders/credit/statement", {
            params: { query: { restaurant_id, limit: PAGE, ...(cursor === null ? {} : { cursor }) } },
            headers: { "Cache-Control": "no-cache" },
          }),
        ),
      ),
  );
  const { items, more, busy, error } = useStore(pages.state);
  useEffect(() => {
    pages.ask(restaurant);
  }, [restaurant, posted]);
  return (
    <>
      <h3>{say("statement")}</h3>
      <Trouble error={error} />
      {items?.length === 0 && <p class="quiet">{say("noEntries")}</p>}
      <ol class="entries">
        {items?.map((entry) => (
          <li key={entry.number}>
            <span>
              {say(entry.kind, { number: String(entry.order_number) })}
              <br />
              <span class="quiet">
                {[when(entry.at, clock.now(), locale), entry.reference].filter(Boolean).join(" · ")}
              </span>
            </span>
            <span class="much">
              {money(entry.amount_cents, locale)}
              <br />
              <span class="quiet">{say("owing", { sum: money(entry.owed_cents, locale) })}</span>
            </span>
          </li>
        ))}
      </ol>
      <More list={{ more, busy }} onMore={() => pages.more()} />
    </>
  );
}
