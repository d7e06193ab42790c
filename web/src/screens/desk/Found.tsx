/** Orders that were looked for, in whatever state, the newest first. They stay live like all others. */
import { clock, locale } from "../../app";
import { money } from "../../lib/money";
import { when } from "../../lib/time";
import type { Entry } from "../../orders";
import { Blocks } from "../../ui/Blocks";
import { More } from "../../ui/More";
import { StatusPill } from "../../ui/status";
import type { Orders } from "../../ui/useOrders";
import { say } from "./texts";

/** What a row is about as high as. */
const ROW_PX = 64;

export function Found({ orders }: { orders: Orders }) {
  if (orders.items.length === 0) return <p class="empty quiet">{say("nothingFound")}</p>;
  return (
    <>
      <Blocks
        class="rows"
        items={orders.items}
        height={ROW_PX}
        label={say("orders")}
        draw={(order) => ({ key: order.id, shown: <Row order={order} /> })}
      />
      <More list={orders} onMore={orders.loadMore} />
    </>
  );
}

function Row({ order }: { order: Entry }) {
  const number = say("number", { number: String(order.number) });
  const about = [when(order.created_at, clock.now(), locale), say("lines", { count: order.lines }), order.driver_name];
  return (
    <a class="row" href={`/orders/${order.id}`}>
      <span class="what">
        <b>
          {number} · {order.restaurant_name}
        </b>
        <span class="quiet">{about.filter(Boolean).join(" · ")}</span>
      </span>
      <span class="much">
        <b>{money(order.total_cents, locale)}</b>
        <br />
        <StatusPill status={order.status} />
      </span>
    </a>
  );
}
