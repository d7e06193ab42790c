/**
 * What a driver's screens share: their round, whether they are on duty, and where they are while somebody waits for them.
 *
 * Begins with the first screen that asks for it and ends with the person. Invariant: the position is shared exactly while
 * something is on the way; who has handed over the last stop is not followed home.
 */
import { api, clock, live, outbox, read, session } from "../../app";
import { answer } from "../../lib/api";
import type { FeedState } from "../../lib/feed";
import { Sharing } from "../../lib/sharing";
import { Store } from "../../lib/store";
import { type Entry, openOrders } from "../../orders";
import { NOTHING, type Round, roundOf } from "./round";

export interface Work {
  round: Store<Round>;
  /** What is known of both lists together: as old as the older one. */
  known: Store<Pick<FeedState<Entry>, "asOf" | "error">>;
  /** Null until the server has said. */
  onDuty: Store<boolean | null>;
  sharing: Sharing;
}

let present: Work | null = null;

export function work(): Work {
  present ??= begin(session.person.value?.id ?? "");
  return present;
}

function begin(driver: string): Work {
  const [orders, offers] = [openOrders("orders", { active: true }), openOrders("offers")];
  const sharing = new Sharing({
    geolocation: navigator.geolocation,
    clock,
    send: ({ lat, lon }) => live.sendLocation(lat, lon),
  });
  const begun: Work = {
    round: new Store<Round>(NOTHING),
    known: new Store<Work["known"]["value"]>({ asOf: null, error: null }),
    onDuty: new Store<boolean | null>(null),
    sharing,
  };

  function look(): void {
    const [own, open] = [orders.feed.state.value, offers.feed.state.value];
    const round = roundOf(own.items, open.items, outbox.actions.value, driver);
    begun.round.set(round);
    const asOf = own.asOf === null || open.asOf === null ? null : Math.min(own.asOf, open.asOf);
    begun.known.set({ asOf, error: own.error ?? open.error });
    if (round.stops.length > 0) sharing.start();
    else sharing.stop();
  }

  const duty = read("duty", () => answer(api.GET("/api/orders/duty")));

  const stops = [
    orders.stop,
    offers.stop,
    orders.feed.state.watch(look),
    offers.feed.state.watch(look),
    outbox.actions.watch(look),
    outbox.whenDone(({ kind }, said) => {
      if (kind === "duty") begun.onDuty.set((said as { on_duty: boolean }).on_duty);
    }),
    duty.state.watch(({ value }) => begun.onDuty.set(value?.on_duty ?? null)),
    () => duty.stop(),
    session.person.watch(() => {
      for (const stop of stops) stop();
      sharing.stop();
      present = null;
    }),
  ];
  look();
  duty.start();
  return begun;
}
