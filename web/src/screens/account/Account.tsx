/** A kitchen's credit account: what is left, what the rest is used for, and all that was posted. True as orders change. */
import { useEffect } from "preact/hooks";
import { api, live, locale } from "../../app";
import type { components } from "../../generated/orders";
import { answer } from "../../lib/api";
import { money } from "../../lib/money";
import { Freshness } from "../../ui/Freshness";
import { useRead, useTitle } from "../../ui/hooks";
import { Heading, Skeletons } from "../../ui/pieces";
import { Statement } from "./Statement";
import { say } from "./texts";
import "./account.css";

type Credit = components["schemas"]["Credit"];

export default function Account() {
  useTitle(say("account"));
  const credit = useRead("credit", () => answer(api.GET("/api/orders/credit", {})));
  const statement = useRead("statement", () => answer(api.GET("/api/orders/credit/statement", {})));
  // Every step of an order may post something.
  useEffect(() => {
    const ask = () => {
      credit.read.refresh();
      statement.read.refresh();
    };
    return live.listen("orders", { event: ask, fetch: ask });
  }, []);
  return (
    <section class="account">
      <Heading title={say("account")} line={say("line")} />
      <Freshness of={[credit, statement]} />
      {credit.value === null ? (
        credit.error === null && <Skeletons count={1} label={say("loading")} />
      ) : (
        <Left credit={credit.value} />
      )}
      <h2>{say("statement")}</h2>
      {statement.value !== null && <Statement first={statement.value} />}
    </section>
  );
}

function Left({ credit: { limit_cents, held_cents, owed_cents, available_cents } }: { credit: Credit }) {
  const share = (cents: number) => (limit_cents === 0 ? 0 : Math.min(100, Math.max(0, (100 * cents) / limit_cents)));
  const [owed, held] = [share(owed_cents), share(held_cents)];
  const used = say("used", { used: money(held_cents + owed_cents, locale), limit: money(limit_cents, locale) });
  return (
    <div class="card left">
      <p>
        <b>{money(available_cents, locale)}</b> {say("left")}{" "}
        <span class="quiet">{say("of", { limit: money(limit_cents, locale) })}</span>
      </p>
      <svg viewBox="0 0 100 2" preserveAspectRatio="none" role="img" aria-label={used}>
        <rect class="whole" width="100" height="2" />
        <rect class="owed" width={owed} height="2" />
        <rect class="held" x={owed} width={Math.min(held, 100 - owed)} height="2" />
      </svg>
      <dl>
        <dt class="held">{say("held")}</dt>
        <dd>{money(held_cents, locale)}</dd>
        <dt class="owed">{say(owed_cents < 0 ? "ahead" : "owed")}</dt>
        <dd>{money(Math.abs(owed_cents), locale)}</dd>
      </dl>
    </div>
  );
}
