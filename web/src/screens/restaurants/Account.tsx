/**
 * A restaurant's account: what it owes and has left, and payments. A payment is kept until the server has it and counts
 * once, whatever the network does.
 */
import { useEffect, useState } from "preact/hooks";
import { api, locale, outbox } from "../../app";
import { pay } from "../../deeds";
import type { components } from "../../generated/orders";
import { answer } from "../../lib/api";
import { cents, money } from "../../lib/money";
import { useAnswer } from "../../ui/answer";
import { FieldsError, TextField, useForm } from "../../ui/form";
import { useStore } from "../../ui/hooks";
import { Trouble } from "../../ui/pieces";
import type { Restaurant } from "./restaurant";
import { Statement } from "./Statement";
import { say } from "./texts";
import "./restaurants.css";

type Credit = components["schemas"]["Credit"];

/** What was posted a moment ago is in it. */
const FRESH = { "Cache-Control": "no-cache" };

export function Account({ restaurant }: { restaurant: Restaurant }) {
  const waiting = useStore(outbox.actions).filter(
    ({ kind, about, refusal }) => kind === "pay" && about.restaurant === restaurant.id && refusal === null,
  );
  const [posted, setPosted] = useState(0);
  const { value: credit, error } = useAnswer(
    () =>
      answer(api.GET("/api/orders/credit", { params: { query: { restaurant_id: restaurant.id } }, headers: FRESH })),
    `${restaurant.id} ${posted}`,
  );
  useEffect(
    () =>
      outbox.whenDone(({ kind, about }) => {
        if (kind === "pay" && about.restaurant === restaurant.id) setPosted((count) => count + 1);
      }),
    [restaurant.id],
  );
  return (
    <section class="card account">
      <h2>{say("account")}</h2>
      <Trouble error={error} />
      {credit === null && error === null && <p class="quiet">{say("loadingAccount")}</p>}
      {credit !== null && <Sums credit={credit} />}
      <Payment restaurant={restaurant} />
      <p class="quiet" role="status">
        {waiting.map(({ key, about }) => (
          <span key={key}>{say("paying", { sum: money(Number(about.amount_cents), locale) })} </span>
        ))}
      </p>
      <Statement restaurant={restaurant.id} posted={posted} />
    </section>
  );
}

function Sums({ credit: { limit_cents, held_cents, owed_cents, available_cents } }: { credit: Credit }) {
  const sums = [
    owed_cents < 0 ? ([say("ahead"), -owed_cents] as const) : ([say("owed"), owed_cents] as const),
    [say("held"), held_cents],
    [say("available"), available_cents],
    [say("creditLimit"), limit_cents],
  ] as const;
  return (
    <dl class="sums">
      {sums.map(([name, sum]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{money(sum, locale)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Payment({ restaurant }: { restaurant: Restaurant }) {
  const form = useForm(async (fields, element) => {
    const amount = cents(String(fields.get("amount_cents")));
    if (amount === null || amount === 0) {
      throw new FieldsError(new Map([["amount_cents", say("amountWrong")]]));
    }
    await outbox.add(pay(restaurant, amount, String(fields.get("reference")).trim() || null));
    element.reset(); // it is kept now: pressing again would be another payment
  });
  return (
    <form class="fields payment" {...form.attributes}>
      <TextField
        form={form}
        name="amount_cents"
        label={say("amount")}
        hint={say("amountHint")}
        inputMode="decimal"
        autocomplete="off"
      />
      <TextField
        form={form}
        name="reference"
        label={say("reference")}
        hint={say("referenceHint")}
        maxLength={200}
        autocomplete="off"
      />
      <Trouble error={form.error} />
      <div class="actions whole">
        <button type="submit" disabled={form.busy}>
          {say("pay")}
        </button>
      </div>
    </form>
  );
}
