/** The course of an order, from the top: what happened and when, then what is still to come. */
import { useEffect, useRef } from "preact/hooks";
import { clock, locale } from "../../app";
import { UnreachableError } from "../../lib/api";
import { when } from "../../lib/time";
import { type HistoryEntry, historyOf, type Order } from "../../orders";
import { statusName } from "../../status";
import { useRead } from "../../ui/hooks";
import { Skeletons, Trouble } from "../../ui/pieces";
import { toneOf } from "../../ui/status";
import { ahead, doerOf, toldOf } from "./course";
import { say } from "./texts";

/** Entries that room is kept for; an order has one for each of its versions, and seldom more than these. */
const USUAL = 6;

export function Course({ order }: { order: Order }) {
  const { value: history, error, read } = useRead(`history ${order.id}`, () => historyOf(order.id));
  const asked = useRef(order.version);
  useEffect(() => {
    if (asked.current !== order.version) read.refresh(); // each version adds an entry
    asked.current = order.version;
  }, [read, order.version]);
  return (
    <section class="card course">
      <h2>{say("history")}</h2>
      <Trouble error={history !== null && error instanceof UnreachableError ? null : error} />
      {history === null && error === null && (
        <Skeletons count={Math.min(order.version, USUAL) + ahead(order.status).length} label={say("loading")} />
      )}
      <ol>
        {toldOf(history ?? []).map((entry) => (
          <li key={entry.version} data-tone={toneOf(entry.status)}>
            <b>{happened(entry)}</b>
            <time class="quiet" dateTime={entry.at}>
              {when(entry.at, clock.now(), locale)}
            </time>
            {entry.reason !== null && <p>{entry.reason}</p>}
          </li>
        ))}
        {(history !== null || error !== null) &&
          ahead(order.status).map((status) => (
            <li key={status} class="ahead">
              <span class="unseen">{say("next")}: </span>
              {statusName(status)}
            </li>
          ))}
      </ol>
    </section>
  );
}

/** In a sentence. What a later server tells of and we have no words for is told by the state that it led to. */
function happened(entry: HistoryEntry): string {
  const driver = entry.driver_name ?? say("somebody");
  const doer = doerOf(entry);
  const words = isKnown(entry.event) ? say(entry.event, { driver }) : statusName(entry.status);
  return doer === null ? words : `${words} ${say(doer)}`;
}

const EVENTS = [
  "OrderPlaced",
  "OrderConfirmed",
  "OrderRejected",
  "OrderPreparationStarted",
  "OrderReady",
  "OrderAssigned",
  "OrderUnassigned",
  "OrderDispatched",
  "OrderDelivered",
  "OrderDeliveryFailed",
  "OrderReturned",
  "OrderCancelled",
] as const;

function isKnown(event: string): event is (typeof EVENTS)[number] {
  return (EVENTS as readonly string[]).includes(event);
}
