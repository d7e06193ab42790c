/** A kitchen's orders as they change, by state; on top those that are placed and not sent yet. */

import { useLocation } from "preact-iso";
import type { Filter } from "../../orders";

import { Blocks } from "../../ui/Blocks";
import { Freshness } from "../../ui/Freshness";
import { useTitle } from "../../ui/hooks";
import { More } from "../../ui/More";
import { Heading, Skeletons } from "../../ui/pieces";
import { useOrders } from "../../ui/useOrders";
import { Row } from "./Row";
import { Sending } from "./Sending";
import { isState, nameOf, STATES, type State } from "./states";
import { say } from "./texts";
import "./orders.css";

/** What a row is about as high as. */
const ROW_PX = 84;

export default function Orders() {
  useTitle(say("orders"));
  const wanted = useLocation().query.state;
  const state: State = isState(wanted) ? wanted : "all";
  return (
    <section class="orders">
      <List key={state} state={state} />
    </section>
  );
}

function List({ state }: { state: State }) {
  const list = useOrders(filterOf(state));
  const counts = say(list.more ? "shownMore" : "shown", { count: list.items.length });
  return (
    <>
      <Heading title={say("orders")} line={list.asOf === null ? "" : counts} />
      <States state={state} />
      <Freshness of={[list]} />
      <Sending />
      {list.asOf === null && list.error === null && <Skeletons count={6} label={say("loading")} />}
      {list.asOf !== null && list.items.length === 0 && <None state={state} />}
      <Blocks
        items={list.items}
        height={ROW_PX}
        label={say("orders")}
        draw={(order) => ({ key: order.id, shown: <Row order={order} /> })}
      />
      <More list={list} onMore={list.loadMore} />
    </>
  );
}

function filterOf(state: State): Filter {
  if (state === "all") return {};
  return state === "active" ? { active: true } : { status: state };
}

function States({ state }: { state: State }) {
  return (
    <nav aria-label={say("states")} class="states">
      {STATES.map((each) => (
        <a
          key={each}
          class="state-link"
          href={each === "all" ? "/orders" : `/orders?state=${each}`}
          aria-current={each === state}
        >
          {nameOf(each)}
        </a>
      ))}
    </nav>
  );
}

function None({ state }: { state: State }) {
  const everything = state === "all";
  return (
    <div class="empty">
      <h2>
        {everything
          ? say("none")
          : state === "active"
            ? say("noneUnderWay")
            : say("noneSuch", { state: nameOf(state) })}
      </h2>
      {everything && <p class="quiet">{say("noneHint")}</p>}
      <a class="button" href={everything ? "/" : "/orders"}>
        {say(everything ? "toCatalogue" : "showAll")}
      </a>
    </div>
  );
}
