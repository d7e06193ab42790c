/**
 * The admin's orders: those under way as a board by state, and whatever is looked for as a list. What is looked for
 * stands in the address, so that it can be sent to somebody and come back to.
 */

import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Status } from "../../orders";
import { statusName } from "../../status";
import { Freshness } from "../../ui/Freshness";
import { useTitle } from "../../ui/hooks";
import { Heading, Skeletons } from "../../ui/pieces";
import { SearchField } from "../../ui/SearchField";
import { type Orders, useOrders } from "../../ui/useOrders";
import { Board } from "./Board";
import { COLUMNS } from "./columns";
import { Found } from "./Found";
import { say } from "./texts";
import "./desk.css";

const STATES: readonly Status[] = [...COLUMNS, "delivered", "rejected", "cancelled"];

export default function Desk() {
  useTitle(say("orders"));
  const { path, query, route } = useLocation();
  const search = useRef<HTMLInputElement>(null);
  const q = (query.q ?? "").trim();
  const status = STATES.find((each) => each === query.status);
  const looking = q !== "" || status !== undefined;
  const orders = useOrders(looking ? { ...(q && { q }), ...(status && { status }) } : { active: true });

  function look(wanted: { q: string; status: string }): void {
    const said = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
    route(said.size === 0 ? path : `${path}?${said}`, true);
  }

  return (
    <section class="desk">
      <Heading title={say("orders")} line={lineOf(orders, looking)} />
      <Freshness of={[orders]} />
      <search class="filters">
        <SearchField
          label={say("find")}
          value={q}
          input={search}
          onSearch={(typed) => look({ q: typed, status: status ?? "" })}
        />
        <select
          class="narrow"
          aria-label={say("state")}
          value={status ?? ""}
          onChange={({ currentTarget }) => look({ q, status: currentTarget.value })}
        >
          <option value="">{say("everyState")}</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {statusName(each)}
            </option>
          ))}
        </select>
      </search>
      {orders.asOf === null && orders.items.length === 0 ? (
        <Skeletons count={6} label={say("loading")} />
      ) : looking ? (
        <Found orders={orders} />
      ) : (
        <Board orders={orders} find={() => search.current?.focus()} />
      )}
    </section>
  );
}

/** How many there are. */
function lineOf({ items, more, asOf }: Orders, looking: boolean): string {
  if (asOf === null) return "";
  const count = items.length;
  return looking ? say(more ? "foundMore" : "found", { count }) : say(more ? "notAll" : "underWay", { count });
}
