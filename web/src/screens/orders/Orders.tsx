/** A kitchen's orders as they change, by state; on top those that are placed and not sent yet. */

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { clock, live, locale } from "../../app";
import type { FeedState } from "../../lib/feed";
import { when } from "../../lib/time";
import { type Entry, type Filter, openOrders } from "../../orders";
import { Blocks } from "../../ui/Blocks";
import { useStore, useTitle } from "../../ui/hooks";
import { Heading, Skeletons, Trouble } from "../../ui/pieces";
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
  const [list, loadMore] = useOrders(state);
  const isLive = useStore(live.status).is === "live";
  const counts = say(list.more ? "shownMore" : "shown", { count: list.items.length });
  const old = isLive || list.asOf === null ? "" : ` · ${say("old", { when: since(list.asOf) })}`;
  return (
    <>
      <Heading title={say("orders")} line={list.asOf === null ? "" : counts + old} />
      <States state={state} />
      <Trouble error={list.error} />
      <Sending />
      {list.asOf === null && list.error === null && <Skeletons count={6} label={say("loading")} />}
      {list.asOf !== null && list.items.length === 0 && <None state={state} />}
      <Blocks
        items={list.items}
        height={ROW_PX}
        label={say("orders")}
        draw={(order) => ({ key: order.id, shown: <Row order={order} /> })}
      />
      {list.more && (
        <button type="button" class="more" disabled={list.busy} onClick={loadMore}>
          {say("more")}
        </button>
      )}
    </>
  );
}

function since(moment: number): string {
  return when(new Date(moment).toISOString(), clock.now(), locale);
}

const NOTHING: FeedState<Entry> = { items: [], more: false, asOf: null, busy: true, error: null };

/** The orders of a state, and what loads more of them. */
function useOrders(state: State): [list: FeedState<Entry>, loadMore: () => void] {
  const [opened, setOpened] = useState<ReturnType<typeof openOrders> | null>(null);
  const [list, setList] = useState(NOTHING);
  useEffect(() => {
    const orders = openOrders("orders", filterOf(state));
    setList(orders.feed.state.value);
    const stop = orders.feed.state.watch(setList);
    setOpened(orders);
    return () => {
      stop();
      orders.stop();
    };
  }, [state]);
  return [list, () => opened?.feed.more()];
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
