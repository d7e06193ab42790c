/**
 * The cart: its lines at today's prices, what has changed since they were put in, and the order that it becomes. What
 * the server refuses comes back here, with the reason and what to do.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { api, cartShelf, live, locale } from "../../app";
import { answer, type ProblemDocument } from "../../lib/api";
import { type Cart as Content, hindrance, MOST_LINES, MOST_NOTE, totalOf } from "../../lib/cart";
import { money } from "../../lib/money";
import { placeCart, refreshCart } from "../../placing";
import { useRead, useStore, useTitle } from "../../ui/hooks";
import { Heading, Trouble } from "../../ui/pieces";
import { CartLine } from "./CartLine";
import { News } from "./News";
import { say } from "./texts";
import "./cart.css";

export default function Cart() {
  useTitle(say("cart"));
  const present = useStore(cartShelf.cart);
  const [refusal, setRefusal] = useState<ProblemDocument | null>(null);
  const unchecked = useChecked();
  // On its way: what was ordered stays in sight until there is an answer, though it is in the cart no more.
  const [sent, setSent] = useState<Content | null>(null);
  const cart = sent ?? present;
  if (cart.lines.length === 0) return <Empty />;
  return (
    <section class="cart">
      <Heading title={say("cart")} line={say("counts", { count: cart.lines.length })} />
      <News cart={cart} refusal={refusal} />
      {unchecked && <p class="quiet">{say("unchecked")}</p>}
      <div class="sides">
        <ul class="card cart-lines" inert={sent !== null}>
          {cart.lines.map((line) => (
            <CartLine key={line.product.id} line={line} />
          ))}
        </ul>
        <Order cart={cart} sending={sent !== null} onSending={setSent} onRefused={setRefusal} />
      </div>
    </section>
  );
}

/** Prices are asked for when the cart is opened and when the network is back. True while they could not be. */
function useChecked(): boolean {
  const [unchecked, setUnchecked] = useState(false);
  useEffect(() => {
    let shown = true;
    const check = () =>
      refreshCart().then(
        () => shown && setUnchecked(false),
        () => shown && setUnchecked(true),
      );
    check();
    const stop = live.status.watch(({ is }) => is === "live" && check());
    return () => {
      shown = false;
      stop();
    };
  }, []);
  return unchecked;
}

interface OrderProps {
  cart: Content;
  sending: boolean;
  onSending: (sent: Content | null) => void;
  onRefused: (refusal: ProblemDocument | null) => void;
}

function Order({ cart, sending, onSending, onRefused }: OrderProps) {
  const { route } = useLocation();
  const credit = useRead("credit", () => answer(api.GET("/api/orders/credit", {}))).value;
  const [error, setError] = useState<Error | null>(null);
  const shown = useRef(true);
  useEffect(
    () => () => {
      shown.current = false;
    },
    [],
  );
  const online = useStore(live.status).is !== "offline";
  const total = totalOf(cart);
  const over = credit === null ? 0 : total - credit.available_cents;
  const hindered = hindrance(cart);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    onSending(cart);
    setError(null);
    onRefused(null);
    try {
      const placed = await placeCart();
      if (!shown.current) return; // the person went on
      if (placed.is === "refused") onRefused(placed.refusal);
      else route(placed.is === "placed" ? `/orders/${placed.order.id}` : "/orders");
    } catch (thrown) {
      setError(thrown as Error); // it could not be kept: the cart is as it was
    }
    onSending(null);
  }

  return (
    <form class="ordering" onSubmit={submit}>
      <div class="card summary">
        <label>
          {say("note")}
          <textarea
            rows={3}
            maxLength={MOST_NOTE}
            placeholder={say("noteHint")}
            value={cart.note}
            readOnly={sending}
            onInput={({ currentTarget: { value } }) => cartShelf.change((now) => ({ ...now, note: value }))}
          />
        </label>
        <dl>
          <dt>{say("sum")}</dt>
          <dd class="total">{money(total, locale)}</dd>
          <dt>{say("credit")}</dt>
          <dd>{credit === null ? "–" : money(credit.available_cents, locale)}</dd>
        </dl>
        {over > 0 && <p class="warn">{say("overCredit", { over: money(over, locale) })}</p>}
        {hindered === "lines" && <p class="warn">{say("tooLong", { most: MOST_LINES })}</p>}
        {!online && <p class="quiet">{say("offline")}</p>}
        <Trouble error={error} />
      </div>
      <button type="submit" class="go" disabled={sending || hindered !== null}>
        {sending ? say("sending") : say("order", { total: money(total, locale) })}
      </button>
    </form>
  );
}

function Empty() {
  return (
    <section class="empty">
      <h1>{say("empty")}</h1>
      <p class="quiet">{say("emptyHint")}</p>
      <a class="button go" href="/">
        {say("toCatalogue")}
      </a>
    </section>
  );
}
