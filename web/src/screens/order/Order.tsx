/**
 * One order, whole: its lines, what happened to it and what is still to come, as it changes. The same for everybody who
 * may see it; what they may do with it is in Actions.
 */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { locale, outbox } from "../../app";
import type { FeedState } from "../../lib/feed";
import { whenExactly } from "../../lib/time";
import { type OpenOrder, openOrder, type Order as WholeOrder } from "../../orders";
import { Freshness } from "../../ui/Freshness";
import { useStore, useTitle } from "../../ui/hooks";
import { Heading, Pill, Skeletons, Trouble } from "../../ui/pieces";
import { StatusPill } from "../../ui/status";
import { Actions } from "./Actions";
import { Course } from "./Course";
import { Delivery } from "./Delivery";
import { Lines } from "./Lines";
import { Proof } from "./Proof";
import { say } from "./texts";
import "./order.css";

export default function Order() {
  return <OrderWith acts={undefined} />;
}

/** What a role may do besides what everybody may. */
type Acts = ComponentType<{ order: WholeOrder; sending: boolean }>;

export function OrderWith({ acts }: { acts: Acts | undefined }) {
  const id = useRoute().params.id ?? "";
  const [opened, setOpened] = useState<OpenOrder | null>(null);
  useEffect(() => {
    const order = openOrder(id);
    setOpened(order);
    return () => order.stop();
  }, [id]);
  if (opened === null) return <Skeletons count={4} label={say("loading")} />;
  return <Opened key={id} opened={opened} acts={acts} />;
}

function Opened({ opened, acts }: { opened: OpenOrder; acts: Acts | undefined }) {
  const known = useStore(opened.feed.state);
  const { items, asOf, error } = known;
  const order = items[0];
  useTitle(order === undefined ? say("loading") : say("order", { number: String(order.number) }));
  if (order !== undefined) return <Whole order={order} known={known} opened={opened} acts={acts} />;
  if (asOf === null && error === null) return <Skeletons count={4} label={say("loading")} />;
  return (
    <section class="empty">
      <h1>{say(asOf === null ? "unread" : "none")}</h1>
      <Trouble error={error} />
      <a class="button" href="/">
        {say("back")}
      </a>
    </section>
  );
}

interface WholeProps {
  order: WholeOrder;
  known: FeedState<WholeOrder>;
  opened: OpenOrder;
  acts: Acts | undefined;
}

function Whole({ order, known, opened, acts: Acts }: WholeProps) {
  const sending = useStore(outbox.actions).some(({ about, refusal }) => about.order === order.id && refusal === null);
  const placed = say("placed", { when: whenExactly(order.created_at, locale) });
  return (
    <section class="detail">
      <Heading title={say("order", { number: String(order.number) })} line={`${order.restaurant_name} · ${placed}`}>
        <span role="status">{sending ? <Pill>{say("sending")}</Pill> : <StatusPill status={order.status} />}</span>
      </Heading>
      <Freshness of={[known]} />
      <div class="sides">
        <div class="side">
          <Lines order={order} />
          {Acts !== undefined && <Acts order={order} sending={sending} />}
          <Actions order={order} sending={sending} />
        </div>
        <div class="side">
          <Course order={order} />
          <Delivery order={order} whereabouts={opened.whereabouts} />
          {order.status === "delivered" && <Proof order={order} />}
        </div>
      </div>
    </section>
  );
}
