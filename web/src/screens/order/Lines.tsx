/** What was ordered and what it comes to, with what the kitchen wrote and what the shelf lacked. */
import { locale } from "../../app";
import { money } from "../../lib/money";
import type { Order } from "../../orders";
import { inOneLine } from "../../ui/names";
import { ProductName } from "../../ui/ProductName";
import { say } from "./texts";

export function Lines({ order }: { order: Order }) {
  return (
    <section class="card">
      {order.shortages.length > 0 && (
        <div class="aside" data-tone="bad">
          <h2>{say("shortages")}</h2>
          <ul>
            {order.shortages.map(({ product_id, name, requested, available }) => (
              <li key={product_id}>{say("shortage", { name: inOneLine(name), requested, available })}</li>
            ))}
          </ul>
        </div>
      )}
      {order.reason !== null && <Aside title={say("reason")} words={order.reason} />}
      <table class="lines">
        <caption class="unseen">{say("lines", { count: order.items.length })}</caption>
        <thead>
          <tr>
            <th scope="col">{say("product")}</th>
            <th scope="col" class="number">
              {say("quantity")}
            </th>
            <th scope="col" class="number price">
              {say("price")}
            </th>
            <th scope="col" class="number">
              {say("sum")}
            </th>
          </tr>
        </thead>
        <tbody>
          {order.items.map(({ product_id, name, unit, quantity, price_cents }) => (
            <tr key={product_id}>
              <th scope="row">
                <ProductName name={name} unit={unit} />
              </th>
              <td class="number">{quantity.toLocaleString(locale)}</td>
              <td class="number price">{money(price_cents, locale)}</td>
              <td class="number">{money(quantity * price_cents, locale)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              {say("total")}
            </th>
            <td class="price" />
            <td class="number">{money(order.total_cents, locale)}</td>
          </tr>
        </tfoot>
      </table>
      {order.note !== null && <Aside title={say("note")} words={order.note} />}
    </section>
  );
}

function Aside({ title, words }: { title: string; words: string }) {
  return (
    <div class="aside">
      <h2>{title}</h2>
      <p>{words}</p>
    </div>
  );
}
