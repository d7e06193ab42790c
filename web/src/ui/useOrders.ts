/** A list of orders on a screen, open for as long as the screen is there. */
import { useEffect, useState } from "preact/hooks";
import type { FeedState } from "../lib/feed";
import { type Entry, type Filter, openOrders } from "../orders";

export interface Orders extends FeedState<Entry> {
  loadMore(): void;
}

const NOTHING_YET: FeedState<Entry> = { items: [], more: false, asOf: null, busy: true, error: null, missed: null };

/** The person's orders, or those of them that a filter leaves. */
export function useOrders({ status, active, q }: Filter): Orders {
  const [opened, setOpened] = useState<ReturnType<typeof openOrders> | null>(null);
  const [, draw] = useState(0);
  useEffect(() => {
    const orders = openOrders("orders", {
      ...(status === undefined ? {} : { status }),
      ...(active === undefined ? {} : { active }),
      ...(q === undefined ? {} : { q }),
    });
    const stopWatching = orders.feed.state.watch(() => draw((count) => count + 1));
    setOpened(orders);
    return () => {
      stopWatching();
      orders.stop();
    };
  }, [status, active, q]);
  return { ...(opened?.feed.state.value ?? NOTHING_YET), loadMore: () => opened?.feed.more() };
}
