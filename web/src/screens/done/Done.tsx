/** What a driver has delivered, or could not, the newest first. Each leads to its order, where a proof can be added. */
import { useEffect, useState } from "preact/hooks";
import { clock, locale } from "../../app";
import { when } from "../../lib/time";
import { openOrders } from "../../orders";
import { Freshness } from "../../ui/Freshness";
import { useStore, useTitle } from "../../ui/hooks";
import { More } from "../../ui/More";
import { Heading, Skeletons } from "../../ui/pieces";
import { StatusPill } from "../../ui/status";
import { say } from "./texts";
import "./done.css";

type Opened = ReturnType<typeof openOrders>;

export default function Done() {
  const [opened, setOpened] = useState<Opened | null>(null);
  useTitle(say("done"));
  useEffect(() => {
    const orders = openOrders("orders");
    setOpened(orders);
    return () => orders.stop();
  }, []);
  return opened === null ? <Skeletons count={4} label={say("loading")} /> : <List opened={opened} />;
}

function List({ opened: { feed } }: { opened: Opened }) {
  const known = useStore(feed.state);
  const { items, asOf, error } = known;
  const done = items.filter(({ status }) => status === "delivered" || status === "failed");
  return (
    <section class="done">
      <Heading title={say("done")} line={done.length > 0 ? say("line", { count: done.length }) : ""} />
      <Freshness of={[known]} />
      {asOf === null && error === null && <Skeletons count={4} label={say("loading")} />}
      {asOf !== null && done.length === 0 && <Nothing />}
      <ol class="cards">
        {done.map((order) => (
          <li class="card" key={order.id}>
            <a href={`/orders/${order.id}`}>
              <b>{order.restaurant_name}</b>
              <span class="quiet">
                {say("number", { number: String(order.number) })} · {when(order.updated_at, clock.now(), locale)}
                {order.reason !== null && ` · ${order.reason}`}
              </span>
            </a>
            <StatusPill status={order.status} />
          </li>
        ))}
      </ol>
      <More list={known} onMore={() => feed.more()} />
    </section>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <p class="quiet">{say("none")}</p>
      <a class="button" href="/">
        {say("back")}
      </a>
    </div>
  );
}
