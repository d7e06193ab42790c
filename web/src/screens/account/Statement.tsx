/** What was posted, the newest first, page by page. */
import { useEffect, useState } from "preact/hooks";
import { api, clock, locale } from "../../app";
import type { components } from "../../generated/orders";
import { answer } from "../../lib/api";
import { money } from "../../lib/money";
import { when } from "../../lib/time";
import { More } from "../../ui/More";
import { say } from "./texts";

type Page = components["schemas"]["Statement"];
type Posted = components["schemas"]["LedgerEntry"];

/** What makes a restaurant owe more, or less, or neither. */
const SIGNS: Record<Posted["kind"], string> = { charge: "+", payment: "−", hold: "", release: "" };

export function Statement({ first }: { first: Page }) {
  const [more, setMore] = useState<readonly Posted[]>([]);
  const [cursor, setCursor] = useState(first.next_cursor);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    setMore([]);
    setCursor(first.next_cursor);
  }, [first]);

  async function load(): Promise<void> {
    if (cursor === null) return;
    setBusy(true);
    try {
      const page = await answer(api.GET("/api/orders/credit/statement", { params: { query: { cursor } } }));
      setMore([...more, ...page.items]);
      setCursor(page.next_cursor);
      setError(null);
    } catch (thrown) {
      setError(thrown as Error);
    }
    setBusy(false);
  }

  const items = [...first.items, ...more];
  if (items.length === 0) return <p class="quiet">{say("none")}</p>;
  return (
    <>
      <div class="card">
        <table class="statement">
          <caption class="unseen">{say("statement")}</caption>
          <thead>
            <tr>
              <th scope="col">{say("when")}</th>
              <th scope="col">{say("what")}</th>
              <th scope="col" class="number">
                {say("amount")}
              </th>
              <th scope="col" class="number">
                {say("owedThen")}
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((entry) => (
              <tr key={entry.number} data-kind={entry.kind}>
                <td class="quiet">{when(entry.at, clock.now(), locale)}</td>
                <td>
                  <What entry={entry} />
                </td>
                <td class="number">{SIGNS[entry.kind] + money(entry.amount_cents, locale)}</td>
                <td class="number">{money(entry.owed_cents, locale)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More list={{ more: cursor !== null, busy, missed: error }} onMore={load} />
    </>
  );
}

function What({ entry: { kind, order_id, order_number, reference } }: { entry: Posted }) {
  if (kind === "payment") return reference === null ? say("payment") : say("paymentOf", { reference });
  return <a href={`/orders/${order_id}`}>{say(kind, { number: String(order_number) })}</a>;
}
