/** The orders behind a number, by the same time and the same filters as the number: `status`, `late`, `driver_id` and
 * `restaurant_id`, as the api takes them, which judges them. */
import { useLocation } from "preact-iso";
import { api, clock, locale } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { when } from "../../lib/time";
import type { Status } from "../../orders";
import { statusName } from "../../status";
import { usePages } from "../../ui/answer";
import { useTitle } from "../../ui/hooks";
import { Heading, Skeletons, Trouble } from "../../ui/pieces";
import { StatusPill } from "../../ui/status";
import { Table } from "../../ui/Table";
import { File } from "./File";
import { say } from "./texts";
import { addressWith, sum } from "./write";
import "./figures.css";

type Counted = components["schemas"]["CountedOrder"];

const PAGE = 50;
const STATUSES: readonly Status[] = [
  "pending",
  "confirmed",
  "preparing",
  "ready",
  "out_for_delivery",
  "delivered",
  "failed",
  "cancelled",
  "rejected",
];
/** Chosen beside the states: those delivered too late. */
const LATE = "late";

export default function Orders() {
  const { query, route } = useLocation();
  useTitle(say("behind"));
  const { status, late, ...rest } = query;
  const list = usePages<Counted>(
    (cursor) => answer(api.GET("/api/analytics/orders", { params: { query: asked(query, cursor) } })),
    JSON.stringify(query),
  );

  function filter(value: string): void {
    const chosen = value === LATE ? { late: "true" } : value === "" ? {} : { status: value };
    route(addressWith("/figures/orders", { ...rest, ...chosen }));
  }

  return (
    <section class="figures">
      <Heading title={say("behind")} line={say("behindLine")}>
        <div class="which">
          <label>
            {say("filterState")}
            <select
              value={late === "true" ? LATE : (status ?? "")}
              onChange={({ currentTarget }) => filter(currentTarget.value)}
            >
              <option value="">{say("allStates")}</option>
              {STATUSES.map((each) => (
                <option key={each} value={each}>
                  {statusName(each)}
                </option>
              ))}
              <option value={LATE}>{say("onlyLate")}</option>
            </select>
          </label>
          <File report="orders" what={say("behind")} range={query} />
        </div>
      </Heading>
      <Trouble error={list.error} />
      {list.items.length > 0 && <Found items={list.items} />}
      {list.items.length === 0 && list.busy && <Skeletons count={6} label={say("loading")} />}
      {list.items.length === 0 && list.more === null && (
        <div class="empty">
          <p>{say("noOrders")}</p>
          <a class="button" href="/figures">
            {say("backToFigures")}
          </a>
        </div>
      )}
      {list.more !== null && (list.items.length > 0 || list.error !== null) && (
        <button type="button" class="more" disabled={list.busy} onClick={list.more}>
          {say(list.error === null ? "loadMore" : "again")}
        </button>
      )}
    </section>
  );
}

function Found({ items }: { items: readonly Counted[] }) {
  return (
    <div class="card">
      <Table
        label={say("behind")}
        rows={items}
        keyOf={({ id }) => id}
        columns={[
          {
            name: say("number"),
            cell: ({ id, number }) => <a href={`/orders/${id}`}>{say("orderNumber", { number: String(number) })}</a>,
          },
          { name: say("placed"), cell: ({ created_at }) => when(created_at, clock.now(), locale) },
          { name: say("restaurant"), cell: ({ restaurant_name }) => restaurant_name ?? "–" },
          { name: say("driver"), cell: ({ driver_name }) => driver_name ?? "–" },
          {
            name: say("filterState"),
            cell: ({ status, reason }) => (
              <>
                <StatusPill status={status} />
                {reason !== null && reason !== "" && <span class="quiet reason">{reason}</span>}
              </>
            ),
          },
          { name: say("total"), number: true, cell: ({ total_cents }) => sum(total_cents) },
        ]}
      />
    </div>
  );
}

/** What stands in the address goes to the api as it is, which names what it does not take. */
function asked(query: Readonly<Record<string, string>>, cursor: string | null) {
  const { status, late, ...rest } = query;
  return {
    ...rest,
    limit: PAGE,
    ...(status === undefined ? {} : { status: status as Status }),
    ...(late === undefined ? {} : { late: late as unknown as boolean }),
    ...(cursor === null ? {} : { cursor }),
  };
}
