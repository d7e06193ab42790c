/** Sums, which are integers in minor units everywhere; they become text here alone, as the reader writes them. */

const CURRENCY = "USD";

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(locale: string, digits = 2): Intl.NumberFormat {
  const key = `${locale} ${digits}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, { style: "currency", currency: CURRENCY, minimumFractionDigits: digits });
    formats.set(key, format);
  }
  return format;
}

/** 123456 → $1,234.56. Throws a RangeError for what is no whole number of cents: a sum is never rounded in silence. */
export function money(cents: number, locale: string): string {
  if (!Number.isSafeInteger(cents)) throw new RangeError(`${cents} is no sum in cents`);
  // Divided as text: 0.1 + 0.2 must not have a say in what somebody owes. Intl takes decimal text as it stands.
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const decimal = `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  return formatOf(locale).format(decimal as Intl.StringNumericLiteral);
}

/** $5,000, but $5,000.50: for a limit, which hardly ever has cents. */
export function roundMoney(cents: number, locale: string): string {
  return cents % 100 === 0 ? formatOf(locale, 0).format(cents / 100) : money(cents, locale);
}

/** $12.3K: rounded on purpose, for the axis of a chart, where there is no room for more. */
export function shortMoney(cents: number, locale: string): string {
  const options = { style: "currency", currency: CURRENCY, notation: "compact", maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(locale, options).format(cents / 100);
}

/** 123456 → 1234.56 or 1234,56, for a field that somebody types in: without currency and thousands marks. */
export function plain(cents: number, locale: string): string {
  const mark =
    formatOf(locale)
      .formatToParts(0.5)
      .find(({ type }) => type === "decimal")?.value ?? ".";
  const digits = String(cents).padStart(3, "0");
  return `${digits.slice(0, -2)}${mark}${digits.slice(-2)}`;
}

/** 1234.50, 1234,5 or 1234 → cents, as a price in a file is read; null for what is no sum of money. */
export function cents(text: string): number | null {
  const found = /^(\d{1,12})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  return found === null ? null : Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** What so many lines come to. */
export function total(lines: Iterable<{ quantity: number; price_cents: number }>): number {
  let sum = 0;
  for (const { quantity, price_cents } of lines) sum += quantity * price_cents;
  return sum;
}
