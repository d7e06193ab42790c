/** Where it goes and who brings it; while they are on the way, how far away they are. */
import { clock, locale } from "../../app";
import { distance, metresBetween } from "../../lib/distance";
import type { LocationFrame } from "../../lib/live";
import type { Store } from "../../lib/store";
import { when } from "../../lib/time";
import type { Order } from "../../orders";
import { useStore } from "../../ui/hooks";
import { say } from "./texts";

export function Delivery({ order, whereabouts }: { order: Order; whereabouts: Store<LocationFrame | null> }) {
  return (
    <section class="card delivery">
      <h2>{say("delivery")}</h2>
      <p>{order.address}</p>
      <p class="quiet">
        {order.driver_name === null ? say("noDriver") : `${say("driver")}: ${order.driver_name}`}
        {order.status === "out_for_delivery" &&
          order.stop !== null &&
          ` · ${say("stop", { stop: String(order.stop) })}`}
      </p>
      {order.status === "out_for_delivery" && <Whereabouts order={order} whereabouts={whereabouts} />}
    </section>
  );
}

function Whereabouts({ order, whereabouts }: { order: Order; whereabouts: Store<LocationFrame | null> }) {
  const last = useStore(whereabouts);
  if (last === null) return <p class="quiet">{say("noPosition")}</p>;
  const away = distance(metresBetween(last, order.location), locale);
  return <p class="away">{say("away", { distance: away, when: when(last.at, clock.now(), locale) })}</p>;
}
