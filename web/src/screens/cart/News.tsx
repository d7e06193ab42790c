/** What is different from what the person put in, in words, each with what to do about it. */
import { cartShelf, locale } from "../../app";
import type { ProblemDocument } from "../../lib/api";
import { agree, type Cart, changed, missing, withoutMissing } from "../../lib/cart";
import { money } from "../../lib/money";
import { problemInWords } from "../../problems";
import { partsOf } from "../../ui/names";
import { say } from "./texts";

export function News({ cart, refusal }: { cart: Cart; refusal: ProblemDocument | null }) {
  const [prices, gone] = [changed(cart), missing(cart)];
  return (
    <div class="news" role="alert">
      {refusal !== null && (
        <div class="note" data-tone="bad">
          <p>{inWords(refusal)}</p>
        </div>
      )}
      {prices.length > 0 && (
        <div class="note">
          <div>
            <h2>{say("changedTitle", { count: prices.length })}</h2>
            <ul>
              {prices.map(({ product, agreed_cents }) => (
                <li key={product.id}>
                  {say("changedLine", {
                    name: partsOf(product.name, product.unit).title,
                    before: money(agreed_cents, locale),
                    now: money(product.price_cents, locale),
                  })}
                </li>
              ))}
            </ul>
          </div>
          <button type="button" onClick={() => cartShelf.change(agree)}>
            {say("accept")}
          </button>
        </div>
      )}
      {gone.length > 0 && (
        <div class="note">
          <div>
            <h2>{say("missingTitle", { count: gone.length })}</h2>
            <p>{gone.map(({ product }) => partsOf(product.name, product.unit).title).join(", ")}</p>
          </div>
          <button type="button" onClick={() => cartShelf.change(withoutMissing)}>
            {say("takeOut")}
          </button>
        </div>
      )}
    </div>
  );
}

function inWords(refusal: ProblemDocument): string {
  const { code, present } = refusal;
  if (code === "price") return say("refusedPrice");
  if (code === "inactive") return say("refusedMissing");
  if (code === "key_reused") return say("again");
  if (code === "credit") {
    const { total_cents, available_cents } = present as { total_cents: number; available_cents: number };
    return say("refusedCredit", { total: money(total_cents, locale), available: money(available_cents, locale) });
  }
  return say("refusedOther", { why: problemInWords(refusal) });
}
