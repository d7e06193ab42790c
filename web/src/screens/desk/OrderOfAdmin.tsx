/** An order's own page, with what an admin may do with it. */
import { useEffect, useRef } from "preact/hooks";
import type { Order as WholeOrder } from "../../orders";
import { OrderWith } from "../order/Order";
import { actsFor } from "./steps";
import { say } from "./texts";
import { useActs } from "./useActs";
import { ACT_WORDS } from "./words";

export default function OrderOfAdmin() {
  return <OrderWith acts={OrderActs} />;
}

/** The same acts as on the board. Whoever moves an order on by keyboard has the focus on its next step then. */
function OrderActs({ order, sending }: { order: WholeOrder; sending: boolean }) {
  const group = useRef<HTMLFieldSetElement>(null);
  /** The version that was moved on from, until the next one is here: the answer may be before it. */
  const from = useRef<number | null>(null);
  const { run, dialog } = useActs(() => {
    from.current = order.version;
  });
  useEffect(() => {
    if (from.current === null || sending) return;
    if (order.version !== from.current) from.current = null;
    const held = document.activeElement;
    const lost = held === null || held === document.body || group.current?.contains(held);
    if (lost) group.current?.querySelector("button")?.focus();
  }, [sending, order.version]);
  const acts = actsFor([order]);
  if (acts.length === 0) return null;
  return (
    <fieldset class="actions acts-of-order" ref={group} disabled={sending}>
      <legend class="unseen">{say("actsOnOrder")}</legend>
      {acts.map(([act]) => (
        <button type="button" key={act} class={act === acts[0]?.[0] ? "go" : ""} onClick={() => run(act, [order])}>
          {say(ACT_WORDS[act])}
        </button>
      ))}
      {dialog}
    </fieldset>
  );
}
