/** Lists of orders as the server has them: the api's pages and the socket's events, in one feed. */
import { api, chance, clock, live } from "./app";
import type { components as Frames } from "./generated/frames";
import type { components } from "./generated/orders";
import { answer, ProblemError } from "./lib/api";
import { Feed } from "./lib/feed";

/** An order as lists show it: without its lines, with how many they are. */
export type Entry = components["schemas"]["Entry"];
export type Order = components["schemas"]["Order"];
export type Status = Entry["status"];

const PAGE = 100; // the most that the server gives at once

export function entryOf({ items, note: _, ...rest }: Order | Frames["schemas"]["Order"]): Entry {
  return { ...rest, lines: items.length } as Entry;
}

/** Newest first, as the server orders them. */
export function compare(a: Entry, b: Entry): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/** All that the person may see on a topic. `stop` ends it. */
export function openOrders(topic: "orders" | "offers"): { feed: Feed<Entry>; stop: () => void } {
  const offers = topic === "offers";
  const feed = new Feed<Entry>({
    page: (cursor) =>
      answer(
        api.GET("/api/orders", {
          params: { query: { limit: PAGE, offers, ...(cursor === null ? {} : { cursor }) } },
          headers: { "Cache-Control": "no-cache" }, // a replica may be behind what the socket has told
        }),
      ),
    compare,
    clock,
    chance,
    passing: (error) => !(error instanceof ProblemError) || error.status >= 500 || error.status === 429,
  });
  const stopListening = live.listen(topic, {
    fetch: () => feed.refresh(),
    event({ event, order }) {
      if (event === "OrderLeft") feed.left(order.id, order.version);
      else feed.take(entryOf(order as Frames["schemas"]["Order"]));
    },
  });
  feed.refresh(); // not only when the socket is there: a list is worth reading before it is live
  return {
    feed,
    stop() {
      stopListening();
      feed.stop();
    },
  };
}
