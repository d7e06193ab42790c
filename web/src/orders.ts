/** Orders as the server has them, in lists and one by one: the api's answers and the socket's events, in one feed. */
import { api, chance, clock, copies, live, outbox } from "./app";
import { answersWithOrder } from "./deeds";
import type { components as Frames } from "./generated/frames";
import type { components } from "./generated/orders";
import { answer, ProblemError } from "./lib/api";
import { Feed, type FeedOptions, type Versioned } from "./lib/feed";
import type { LocationFrame } from "./lib/live";
import { Store } from "./lib/store";

/** An order as lists show it: without its lines, with how many they are. */
export type Entry = components["schemas"]["Entry"];
export type Order = components["schemas"]["Order"];
export type Status = Entry["status"];
export type HistoryEntry = components["schemas"]["HistoryEntry"];

const PAGE = 100; // the most that the server gives at once

function entryOf({ items, note: _, ...rest }: Order | Frames["schemas"]["Order"]): Entry {
  return { ...rest, lines: items.length } as Entry;
}

/** Newest first, as the server orders them. */
export function compare(a: Entry, b: Entry): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/** What a list is narrowed to, as the api's parameters say it. `q` finds numbers, and for admins restaurants. */
export interface Filter {
  status?: Status;
  /** Neither delivered nor cancelled nor rejected. */
  active?: boolean;
  q?: string;
}

const ENDED: ReadonlySet<Status> = new Set(["delivered", "cancelled", "rejected"]);

/** Whether nothing happens to such an order any more. */
export function ended(status: Status): boolean {
  return ENDED.has(status);
}

/** Whether a filter leaves an order: what the server finds, for those that events tell of. */
export function holds({ status, active, q }: Filter, order: Entry): boolean {
  if (status !== undefined && order.status !== status) return false;
  if (active && ended(order.status)) return false;
  if (q === undefined) return true;
  if (/^\d+$/.test(q)) return BigInt(q) === BigInt(order.number);
  return order.restaurant_name.toLowerCase().includes(q.toLowerCase());
}

/** What every feed of ours has in common. `name` is what it is kept as, for a time without network. */
function feedOf<T extends Versioned>(
  name: string,
  options: Pick<FeedOptions<T>, "page" | "compare" | "belongs">,
): Feed<T> {
  return new Feed<T>({ ...options, clock, chance, copy: { copies, name } });
}

/** What our own steps came to is known before the socket tells. */
function watchMoves(take: (order: Order) => void): () => void {
  return outbox.whenDone((action, said) => {
    if (answersWithOrder(action)) take(said as unknown as Order);
  });
}

function nameOf(topic: string, { status, active, q }: Filter): string {
  return [topic, status ?? "", active === true ? "active" : "", q ?? ""].join(" ").trim();
}

/** All that the person may see on a topic, or what of it a filter leaves. `stop` ends it. */
export function openOrders(topic: "orders" | "offers", filter: Filter = {}): { feed: Feed<Entry>; stop: () => void } {
  const query = topic === "offers" ? { offers: true } : filter;
  const feed = feedOf<Entry>(nameOf(topic, filter), {
    page: (cursor) =>
      answer(
        api.GET("/api/orders", {
          params: { query: { ...query, limit: PAGE, ...(cursor === null ? {} : { cursor }) } },
        }),
      ),
    compare,
    belongs: (order) => holds(filter, order),
  });
  const stopListening = live.listen(topic, {
    fetch: () => feed.refresh(),
    current: () => feed.isCurrent(),
    event({ event, order }) {
      if (event === "OrderLeft") feed.left(order.id, order.version);
      else feed.take(entryOf(order as Frames["schemas"]["Order"]));
    },
  });
  const stopWatching = watchMoves((order) => topic === "orders" && feed.take(entryOf(order)));
  feed.start(); // not only when the socket is there: a list is worth reading before it is live
  return {
    feed,
    stop() {
      stopListening();
      stopWatching();
      feed.stop();
    },
  };
}

/** One order as it changes: a feed of it alone, empty once it is not the person's to see. */
export interface OpenOrder {
  feed: Feed<Order>;
  /** Where its driver was last, while it is on the way. */
  whereabouts: Store<LocationFrame | null>;
  stop: () => void;
}

export function openOrder(id: string): OpenOrder {
  const whereabouts = new Store<LocationFrame | null>(null);
  const feed = feedOf<Order>(`order ${id}`, {
    async page() {
      try {
        return { items: [await getOrder(id)], next_cursor: null };
      } catch (error) {
        if (error instanceof ProblemError && error.status === 404) return { items: [], next_cursor: null };
        throw error;
      }
    },
    compare: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  });
  // Only once it is known to be ours: asking for another's topic ends the connection.
  let stopListening = () => {};
  const stopWaiting = feed.state.watch(({ items }) => {
    if (items.length === 0) return;
    stopWaiting();
    stopListening = live.listen(`order:${id}`, {
      fetch: () => feed.refresh(),
      current: () => feed.isCurrent(),
      event({ event, order }) {
        if (event === "OrderLeft") feed.left(order.id, order.version);
        else feed.take(order as Order);
      },
      location: (frame) => frame.order_id === id && whereabouts.set(frame),
      left: () => feed.refresh(),
    });
  });
  const stopWatching = watchMoves((order) => order.id === id && feed.take(order));
  feed.start();
  return {
    feed,
    whereabouts,
    stop() {
      stopWaiting();
      stopListening();
      stopWatching();
      feed.stop();
    },
  };
}

export function getOrder(id: string): Promise<Order> {
  return answer(api.GET("/api/orders/{order_id}", { params: { path: { order_id: id } } }));
}

/** All that happened to an order, the oldest first. */
export async function historyOf(id: string): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const page: components["schemas"]["HistoryPage"] = await answer(
      api.GET("/api/orders/{order_id}/history", { params: { path: { order_id: id }, query } }),
    );
    entries.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return entries;
}
