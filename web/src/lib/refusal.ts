/**
 * What a refused order says about its lines: prices that changed and products that are not sold now, so that the lines
 * can go back into the cart as they are. Pure.
 */
import type { ProblemDocument } from "./api";
import type { Line } from "./cart";

interface Price {
  product_id: string;
  price_cents: number;
  version: number;
}

/** The lines with what the refusal told of them; the agreed prices stay, so that the cart tells of each that changed. */
export function afterRefusal(lines: readonly Line[], refusal: ProblemDocument): readonly Line[] {
  if (refusal.code === "price") {
    const prices = new Map((refusal.present as readonly Price[]).map((price) => [price.product_id, price]));
    return lines.map((line) => {
      const price = prices.get(line.product.id);
      if (price === undefined) return line;
      const { price_cents, version } = price;
      return { ...line, product: { ...line.product, price_cents, version } };
    });
  }
  const gone = refusedLines(refusal);
  return lines.map((line, place) =>
    gone.has(place) ? { ...line, product: { ...line.product, available: false } } : line,
  );
}

/** The places of lines whose product is refused, by the names of the fields: `items[3].product_id`. */
function refusedLines({ errors = [] }: ProblemDocument): ReadonlySet<number> {
  const places = errors.map(({ field }) => /^items\[(\d+)\]\.product_id$/.exec(field)?.[1]);
  return new Set(places.filter((place) => place !== undefined).map(Number));
}
