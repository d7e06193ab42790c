/** A driver's day: the next stop with the one thing to do there, what comes after it, and what nobody has taken yet. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { outbox } from "../../app";
import { move } from "../../deeds";
import type { Entry } from "../../orders";
import { Freshness } from "../../ui/Freshness";
import { useStore, useTitle } from "../../ui/hooks";
import { Heading, Skeletons } from "../../ui/pieces";
import { Duty } from "./Duty";
import { HandOver } from "./HandOver";
import { Load } from "./Load";
import { Offer } from "./Offer";
import { Problem } from "./Problem";
import { SharingNote } from "./SharingNote";
import { type Question, Stop } from "./Stop";
import { say } from "./texts";
import { work } from "./work";
import "./deliveries.css";

export default function Deliveries() {
  const { round, known, sharing } = work();
  const { stops, loads, offers, unsent } = useStore(round);
  const { asOf, error } = useStore(known);
  useTitle(say("deliveries"));
  const [next, ...later] = stops;
  // By its id: whatever happens to the route meanwhile, the question stays about this order, or goes with it.
  const [asked, setAsked] = useState<{ question: Question; id: string } | null>(null);
  const about = stops.find(({ id }) => id === asked?.id);
  const ask = (question: Question, { id }: Entry) => setAsked({ question, id });
  const close = () => setAsked(null);
  const gone = asked !== null && about === undefined;
  useEffect(() => {
    if (!gone) return;
    setAsked(null);
    document.getElementById("content")?.focus(); // what had the focus went with the stop
  }, [gone]);
  return (
    <section class="round">
      <Heading title={say("deliveries")} line={asOf === null ? "" : counted(stops.length, loads.length)}>
        <Duty />
      </Heading>
      <SharingNote sharing={sharing} />
      <Freshness of={[{ asOf, error }]} />
      {asOf === null && error === null && <Skeletons count={3} label={say("loading")} />}
      {next !== undefined && <Stop key={next.id} order={next} next onAsk={ask} />}
      {later.length > 0 && (
        <Part title={say("after")}>
          {later.map((order) => (
            <Stop key={order.id} order={order} onAsk={ask} />
          ))}
        </Part>
      )}
      {loads.length > 0 && <Loads loads={loads} first={next === undefined} />}
      {unsent.length > 0 && <Unsent orders={unsent} />}
      {asOf !== null && <Offers offers={offers} free={stops.length + loads.length === 0} />}
      {about !== undefined && asked?.question === "handOver" && <HandOver order={about} onClose={close} />}
      {about !== undefined && asked?.question === "problem" && <Problem order={about} onClose={close} />}
    </section>
  );
}

function counted(stops: number, loads: number): string {
  if (stops + loads === 0) return say("nothingToGo");
  const counts = [stops > 0 && say("stopsToGo", { count: stops }), loads > 0 && say("toLoad", { count: loads })];
  return counts.filter(Boolean).join(" · ");
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{title}</h2>
      <ol class="cards">{children}</ol>
    </section>
  );
}

/** `first`: nothing is on the way, so to set out is what is to be done. */
function Loads({ loads, first }: { loads: readonly Entry[]; first: boolean }) {
  return (
    <section class="part">
      <div class="part-head">
        <h2>{say("loads")}</h2>
        {loads.length > 1 && (
          <button
            type="button"
            class={first ? "go" : ""}
            onClick={() => outbox.addAll(loads.map((order) => move(order, "out_for_delivery")))}
          >
            {say("setOutWithAll", { count: loads.length })}
          </button>
        )}
      </div>
      <ol class="cards">
        {loads.map((order) => (
          <Load key={order.id} order={order} primary={first && loads.length === 1} />
        ))}
      </ol>
    </section>
  );
}

function Unsent({ orders }: { orders: readonly Entry[] }) {
  return (
    <Part title={say("unsent")}>
      {orders.map((order) => (
        <li key={order.id} class="card unsent">
          <b>{order.restaurant_name}</b>
          <span class="quiet">{say(order.status === "failed" ? "reported" : "handedOver")}</span>
        </li>
      ))}
    </Part>
  );
}

function Offers({ offers, free }: { offers: readonly Entry[]; free: boolean }) {
  const onDuty = useStore(work().onDuty);
  if (offers.length === 0) return <p class="quiet part">{say(free ? "noWork" : "noOffers")}</p>;
  return (
    <section class="part">
      <h2>{say("offers", { count: offers.length })}</h2>
      {onDuty === false && <p class="quiet">{say("offDutyOffers")}</p>}
      <ol class="cards">
        {offers.map((order, at) => (
          <Offer key={order.id} order={order} primary={free && at === 0} disabled={onDuty === false} />
        ))}
      </ol>
    </section>
  );
}
