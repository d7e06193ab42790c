/** An order in the list: all of it leads to the order. */
import { clock, locale, outbox } from "../../app";
import { money } from "../../lib/money";
import { when } from "../../lib/time";
import type { Entry } from "../../orders";
import { useStore } from "../../ui/hooks";
import { Pill } from "../../ui/pieces";
import { StatusPill } from "../../ui/status";
import { say } from "./texts";

export function Row({ order }: { order: Entry }) {
  const sending = useStore(outbox.actions).some(({ about, refusal }) => about.order === order.id && refusal === null);
  const about = [say("lines", { count: order.lines }), order.driver_name].filter(Boolean).join(" · ");
  return (
    <article class="card order-row">
      <div class="facts">
        <h2>
          <a href={`/orders/${order.id}`} class="order-link">
            {say("order", { number: String(order.number) })}
          </a>
        </h2>
        <p class="quiet">{about}</p>
      </div>
      <time dateTime={order.created_at}>{when(order.created_at, clock.now(), locale)}</time>
      <b>{money(order.total_cents, locale)}</b>
      {sending ? <Pill>{say("sending")}</Pill> : <StatusPill status={order.status} />}
    </article>
  );
}
