/** Counts, shares, sizes and lengths of time as the reader writes them. Sums are money.ts's, moments time.ts's. */

const formats = new Map<string, Intl.NumberFormat>();

function write(value: number, locale: string, options: Intl.NumberFormatOptions): string {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, options);
    formats.set(key, format);
  }
  return format.format(value);
}

/** 12,345; of what is no whole number, what can still be told: 1.2, 0.034. */
export function count(value: number, locale: string): string {
  const whole = Number.isInteger(value) || Math.abs(value) >= 100;
  return write(value, locale, whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 2 });
}

/** 12K: for an axis, where there is no room for more. */
export function shortCount(value: number, locale: string): string {
  return write(value, locale, { notation: "compact", maximumSignificantDigits: 3 });
}

/** 0.9312 → 93.1%. */
export function percent(share: number, locale: string, digits = 1): string {
  return write(share, locale, { style: "percent", maximumFractionDigits: digits });
}

/** ×1.8: how many times as much. */
export function times(factor: number, locale: string): string {
  return `×${write(factor, locale, { maximumFractionDigits: factor < 10 ? 1 : 0 })}`;
}

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** 1,500,000 → 1.5 MB, by thousands as its name says. */
export function bytes(value: number, locale: string): string {
  return unit(value, locale, SIZES, [1000, 1000, 1000, 1000]);
}

const LENGTHS = ["millisecond", "second", "minute", "hour", "day"] as const;

/** 0.42 ms, 12 ms, 3.5 sec, 12 min, 4.5 hr, 3 days: the largest unit that there is one of. */
export function duration(ms: number, locale: string): string {
  return unit(ms, locale, LENGTHS, [1000, 60, 60, 24]);
}

function unit(value: number, locale: string, names: readonly string[], steps: readonly number[]): string {
  let [rest, place] = [value, 0];
  for (const step of steps) {
    if (Math.abs(rest) < step) break;
    rest /= step;
    place += 1;
  }
  const digits: Intl.NumberFormatOptions =
    Math.abs(rest) < 100 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 };
  return write(rest, locale, { style: "unit", unit: names[place], unitDisplay: "short", ...digits });
}
