/** The restaurants that order, by number. */

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { api, locale } from "../../app";
import { answer } from "../../lib/api";
import { roundMoney } from "../../lib/money";
import { Pages } from "../../lib/pages";
import { useStore, useTitle } from "../../ui/hooks";
import { More } from "../../ui/More";
import { Heading, Pill, Skeletons, Trouble } from "../../ui/pieces";
import { SearchField } from "../../ui/SearchField";
import type { Restaurant } from "./restaurant";
import { say } from "./texts";

const PAGE = 50;

function page(q: string, cursor: string | null) {
  return answer(
    api.GET("/api/accounts/restaurants", {
      params: { query: { limit: PAGE, ...(q && { q }), ...(cursor === null ? {} : { cursor }) } },
    }),
  );
}

export default function Restaurants() {
  useTitle(say("restaurants"));
  const { path, query, route } = useLocation();
  const q = query.q ?? "";
  const [pages] = useState(() => new Pages<string, Restaurant>(page));
  const { items, more, busy, error } = useStore(pages.state);
  useEffect(() => {
    pages.ask(q);
  }, [q]);
  return (
    <section>
      <Heading title={say("restaurants")} line={say("line")}>
        <a class="button go" href="/restaurants/new">
          {say("add")}
        </a>
      </Heading>
      <search class="filters">
        <SearchField
          label={say("find")}
          value={q}
          onSearch={(found) => route(found === "" ? path : `${path}?${new URLSearchParams({ q: found })}`, true)}
        />
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
          {items.map((restaurant) => (
            <Row key={restaurant.id} restaurant={restaurant} />
          ))}
        </ul>
      )}
      <More list={{ more, busy }} onMore={() => pages.more()} />
    </section>
  );
}

function Row({ restaurant }: { restaurant: Restaurant }) {
  const { id, number, name, address, zone, credit_limit_cents, active } = restaurant;
  return (
    <li>
      <a class="row" href={`/restaurants/${id}`}>
        <span class="what">
          <b>{name}</b>
          <span class="quiet">{[say("numberOf", { number: String(number) }), address].join(" · ")}</span>
        </span>
        <span class="much">
          {active ? say("limit", { sum: roundMoney(credit_limit_cents, locale) }) : <Pill>{say("inactive")}</Pill>}
          <br />
          <span class="quiet">{say("zoneOf", { zone: String(zone) })}</span>
        </span>
      </a>
    </li>
  );
}
