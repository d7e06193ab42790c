/** What a driver wants to know of an order at a glance: where to, how far, and what for. */
import { Fragment } from "preact";
import { locale } from "../../app";
import { distance, metresBetween } from "../../lib/distance";
import type { Entry } from "../../orders";
import { useStore } from "../../ui/hooks";
import { say } from "./texts";
import { work } from "./work";

export function Facts({ order }: { order: Entry }) {
  const here = useStore(work().sharing.state);
  const facts = [
    say("number", { number: String(order.number) }),
    say("lines", { count: order.lines }),
    here.is === "on" && say("away", { distance: distance(metresBetween(here.place, order.location), locale) }),
  ];
  return (
    <div class="facts">
      <h3>
        <a href={`/orders/${order.id}`}>{order.restaurant_name}</a>
      </h3>
      <p>{order.address}</p>
      <p class="quiet">
        {facts.filter(Boolean).map((fact, at) => (
          <Fragment key={fact}>
            {at > 0 && " · "}
            <span class="fact">{fact}</span>
          </Fragment>
        ))}
      </p>
    </div>
  );
}
