/** Moments, which are UTC everywhere; they become text here alone, in the reader's zone and words. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(moment: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(locale, options);
    formats.set(key, made);
  }
  return made.format(moment);
}

/** 18:10 today, 27 Nov, 18:10 this year, 27 Nov 2025 before that. `zone` is the reader's own unless a test says one. */
export function when(iso: string, now: number, locale: string, zone?: string): string {
  const moment = new Date(iso);
  const place: Intl.DateTimeFormatOptions = zone === undefined ? {} : { timeZone: zone };
  const day = (date: Date) => format(date, "en-CA", { dateStyle: "short", ...place });
  const [then, today] = [day(moment), day(new Date(now))];
  const clock: Intl.DateTimeFormatOptions = { ...clockOf(locale), ...place };
  if (then === today) return format(moment, locale, clock);
  const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", ...place };
  if (then.slice(0, 4) === today.slice(0, 4)) return format(moment, locale, { ...date, ...clock });
  return format(moment, locale, { ...date, year: "numeric" });
}

/** With its day and year whenever that is: for what is printed. */
export function whenExactly(iso: string, locale: string, zone?: string): string {
  const place: Intl.DateTimeFormatOptions = zone === undefined ? {} : { timeZone: zone };
  return format(new Date(iso), locale, { dateStyle: "medium", timeStyle: "short", ...place });
}

/** Hours and minutes as one writes them there: 9:05 PM, but 09:05. */
export function clockOf(locale: string): Intl.DateTimeFormatOptions {
  const { hour12 } = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions();
  return { hour: hour12 ? "numeric" : "2-digit", minute: "2-digit" };
}

/**
 * A moment as clocks show it where it was written, by the offset that stands in it: for days and hours of a zone that
 * is not the reader's.
 */
export function asWritten(iso: string, locale: string, options: Intl.DateTimeFormatOptions): string {
  return format(new Date(`${iso.slice(0, 19)}Z`), locale, { ...options, timeZone: "UTC" });
}

/** The date in a zone, 2026-11-27. */
export function dayIn(zone: string, now: number): string {
  return format(new Date(now), "en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
}

/** "2 minutes ago", "in 3 hours": the largest unit that fits. */
export function ago(ms: number, now: number, locale: string): string {
  const distance = ms - now;
  const size = Math.abs(distance);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (size < MINUTE) return words.format(Math.round(distance / 1000), "second");
  if (size < HOUR) return words.format(Math.round(distance / MINUTE), "minute");
  if (size < DAY) return words.format(Math.round(distance / HOUR), "hour");
  return words.format(Math.round(distance / DAY), "day");
}
