/** Everybody's orders as they change, each with its one evident next step. */
import { useEffect, useState } from "preact/hooks";
import { clock, locale, outbox, session } from "../../app";
import { move } from "../../deeds";
import type { FeedState } from "../../lib/feed";
import { money } from "../../lib/money";
import type { Role } from "../../lib/session";
import { when } from "../../lib/time";
import { compare, type Entry, openOrders, type Status } from "../../orders";
import { AsOf } from "../../ui/AsOf";
import { useStore, useTitle } from "../../ui/hooks";
import { Heading, Pill, Skeletons, Trouble } from "../../ui/pieces";
import { statusName, toneOf } from "../../ui/status";
import { say } from "./texts";
import "./board.css";

type Doing = "doPrepare" | "doReady" | "doOffer" | "doTake" | "doHandOver" | "doCancel";

/** The one next step of each role, and what its button says. */
const NEXT: Record<Role, Partial<Record<Status, [to: Exclude<Status, "pending">, says: Doing]>>> = {
  admin: { confirmed: ["preparing", "doPrepare"], preparing: ["ready", "doReady"], failed: ["ready", "doOffer"] },
  driver: { ready: ["out_for_delivery", "doTake"], out_for_delivery: ["delivered", "doHandOver"] },
  restaurant: { pending: ["cancelled", "doCancel"], confirmed: ["cancelled", "doCancel"] },
};

export default function Board() {
  const role = useStore(session.person)?.role ?? "restaurant";
  const title = say(role === "driver" ? "deliveries" : "orders");
  useTitle(title);
  const lists = useLists(role === "driver");
  const items = merged(lists);
  const asOf = lists.every((list) => list.asOf !== null) ? Math.min(...lists.map((list) => list.asOf ?? 0)) : null;
  const open = items.filter(({ status }) => NEXT[role][status] !== undefined).length;
  const next = role === "driver" ? nextStop(items) : undefined;
  const counts = items.length === 0 ? say("none") : say("shown", { count: items.length, open });
  return (
    <section>
      <Heading title={title} line={asOf === null ? "" : counts} />
      <AsOf at={asOf} />
      <Trouble error={lists.find((list) => list.error !== null)?.error} />
      {asOf === null && <Skeletons count={6} label={say("loading")} />}
      <ol class="cards">
        {items.map((order) => (
          <Card key={order.id} order={order} role={role} primary={order === next} />
        ))}
      </ol>
      {lists.some((list) => list.more) && (
        <button
          type="button"
          class="more"
          onClick={() =>
            lists.forEach(({ loadMore }) => {
              loadMore();
            })
          }
        >
          {say("more")}
        </button>
      )}
    </section>
  );
}

interface List extends FeedState<Entry> {
  loadMore: () => void;
}

/** The person's orders, and a driver's open offers. */
function useLists(withOffers: boolean): List[] {
  const [feeds, setFeeds] = useState<ReturnType<typeof openOrders>[]>([]);
  const [, draw] = useState(0);
  useEffect(() => {
    const opened = (withOffers ? (["orders", "offers"] as const) : (["orders"] as const)).map((topic) =>
      openOrders(topic),
    );
    const stops = opened.map(({ feed }) => feed.state.watch(() => draw((count) => count + 1)));
    setFeeds(opened);
    return () => {
      for (const stop of stops) stop();
      for (const { stop } of opened) stop();
    };
  }, [withOffers]);
  if (feeds.length === 0) return [{ items: [], more: false, asOf: null, busy: true, error: null, loadMore: () => {} }];
  return feeds.map(({ feed }) => ({
    ...feed.state.value,
    loadMore: () => {
      feed.more();
    },
  }));
}

/** One list of all: of an order that is on both, such as a claimed offer, the higher version. */
function merged(lists: List[]): readonly Entry[] {
  if (lists.length === 1) return lists[0]?.items ?? [];
  const newest = new Map<string, Entry>();
  for (const item of lists.flatMap((list) => list.items)) {
    if ((newest.get(item.id)?.version ?? 0) < item.version) newest.set(item.id, item);
  }
  return [...newest.values()].sort(compare);
}

/** The one that a driver has in hand; its button alone is filled, for many that shout say nothing. */
function nextStop(items: readonly Entry[]): Entry | undefined {
  const underWay = items.filter(({ status }) => status === "out_for_delivery");
  return underWay.sort((a, b) => (a.stop ?? Number.MAX_SAFE_INTEGER) - (b.stop ?? Number.MAX_SAFE_INTEGER))[0];
}

function Card({ order, role, primary }: { order: Entry; role: Role; primary: boolean }) {
  const sending = useStore(outbox.actions).some(({ about, refusal }) => about.order === order.id && refusal === null);
  const name = role === "restaurant" ? say("order", { number: String(order.number) }) : order.restaurant_name;
  const next = NEXT[role][order.status];
  const offer = order.status === "ready" && order.driver_id === null && role === "driver";
  const about = [say("number", { number: String(order.number) }), order.address, order.driver_name].filter(Boolean);
  return (
    <li class="card order">
      <div class="facts">
        <h2>
          <a href={`/orders/${order.id}`}>{name}</a>
        </h2>
        <p>
          <b>{when(order.created_at, clock.now(), locale)}</b> · {say("lines", { count: order.lines })} ·{" "}
          {money(order.total_cents, locale)}
        </p>
        <p class="quiet">{about.join(" · ")}</p>
      </div>
      <Pill tone={toneOf(order.status)}>
        {sending ? say("sending") : offer ? say("offer") : statusName(order.status)}
      </Pill>
      {next !== undefined && (
        <button
          type="button"
          class={primary ? "go" : ""}
          disabled={sending}
          aria-label={`${say(next[1])}: ${name}, ${say("number", { number: String(order.number) })}`}
          onClick={() => outbox.add(move(order, next[0]))}
        >
          {say(next[1])}
        </button>
      )}
    </li>
  );
}
