/**
 * Which time the figures are about: what the address says, what the api is asked, and what is beside it. Pure.
 *
 * The address: `?days=7` is today and the six days before it (30 without); `?from=2026-11-01&to=2026-11-30` counts both
 * days; `zone` is an IANA name, the business's without; `by` is hour, day or week; `restaurant` an id. To the api `to` is
 * the first day that does not count.
 *
 * Refuses (AskedError, which names the parameter) days that are no whole number from 1 to MOST_DAYS, dates that are none
 * and a `by` that there is not. What a zone, a restaurant or a range is good for the server says itself.
 */

export const GRAINS = ["hour", "day", "week"] as const;
export type Grain = (typeof GRAINS)[number];

export const PRESETS = [1, 7, 30, 90, 182, 365] as const;
const USUAL_DAYS = 30;
const MOST_DAYS = 3660;

/** The server gives at most 1,000 buckets. */
const MOST_DAYS_OF: Record<Grain, number> = { hour: 41, day: 1000, week: MOST_DAYS };

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

export class AskedError extends Error {
  override name = "AskedError";
  readonly field: string;

  constructor(field: string, value: string) {
    super(`${field}: ${value}`);
    this.field = field;
  }
}

export interface Asked {
  /** The last so many days; null where two dates are given. */
  days: number | null;
  /** Both counted. */
  from: string | null;
  to: string | null;
  zone: string | null;
  by: Grain;
  restaurant: string | null;
}

/** Throws AskedError. */
export function readAsked(query: Readonly<Record<string, string>>): Asked {
  const ranged = query.from !== undefined || query.to !== undefined;
  const from = ranged ? dateOf(query.from === undefined ? "to" : "from", query.from ?? query.to ?? "") : null;
  const to = ranged ? dateOf("to", query.to ?? query.from ?? "") : null; // one alone is a day
  const days = ranged ? null : daysOf(query.days ?? String(USUAL_DAYS));
  const grains = grainsFor(days ?? lengthOf(from ?? "", to ?? ""));
  const by = query.by === undefined ? usualGrain(days ?? lengthOf(from ?? "", to ?? "")) : grainOf(query.by);
  return {
    days,
    from,
    to,
    zone: query.zone ?? null,
    // A finer one than there is room for comes from a longer time that was chosen since.
    by: grains.includes(by) ? by : (grains[0] ?? "week"),
    restaurant: query.restaurant ?? null,
  };
}

/** The address that says it, from `?` on, without what goes without saying. */
export function addressOf(asked: Partial<Asked>): string {
  const said = new URLSearchParams();
  if (asked.from != null && asked.to != null) {
    said.set("from", asked.from);
    said.set("to", asked.to);
  } else if (asked.days != null && asked.days !== USUAL_DAYS) said.set("days", String(asked.days));
  if (asked.by !== undefined && asked.by !== usualGrain(daysIn(asked))) said.set("by", asked.by);
  if (asked.zone != null) said.set("zone", asked.zone);
  if (asked.restaurant != null) said.set("restaurant", asked.restaurant);
  const text = said.toString();
  return text === "" ? "" : `?${text}`;
}

/** As the api takes it. */
export type Range = {
  from: string;
  to?: string;
  timezone?: string;
  restaurant_id?: string;
};

/** `today` is the date in the zone that is meant. Without `to` it is to the end of today. */
export function rangeOf(asked: Asked, today: string): Range {
  const { days, from, to, zone, restaurant } = asked;
  return {
    ...(days !== null ? { from: moved(today, 1 - days) } : { from: from ?? today, to: moved(to ?? today, 1) }),
    ...(zone === null ? {} : { timezone: zone }),
    ...(restaurant === null ? {} : { restaurant_id: restaurant }),
  };
}

/** How long a time is in days, both ends counted. */
export function daysIn({ days, from, to }: Partial<Asked>): number {
  return days ?? (from != null && to != null ? lengthOf(from, to) : USUAL_DAYS);
}

/** Whether today, which is not over, is so much of the time that less than before says nothing yet. */
export function weighsToday({ days }: Asked): boolean {
  return days !== null && days <= 7;
}

/** The buckets that there is room for. */
export function grainsFor(days: number): Grain[] {
  return GRAINS.filter((grain) => days <= MOST_DAYS_OF[grain]);
}

/** So many days after a date, or before it. */
export function moved(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** When the bucket after this one begins, by the calendar: for what is behind a bucket. Moments of a zone stay in it. */
export function bucketEnd(at: string, grain: Grain, next: string | undefined): string {
  if (next !== undefined) return next;
  if (grain === "hour") return new Date(Date.parse(at) + DAY_MS / 24).toISOString();
  return moved(at.slice(0, 10), grain === "day" ? 1 : 7);
}

/** What a time of so many days is cut into when nothing else is said. */
export function usualGrain(days: number): Grain {
  return days <= 2 ? "hour" : days <= 100 ? "day" : "week";
}

function lengthOf(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

function daysOf(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) throw new AskedError("days", text);
  return days;
}

function dateOf(field: string, text: string): string {
  if (!DATE.test(text) || Number.isNaN(Date.parse(text))) throw new AskedError(field, text);
  return text;
}

function grainOf(text: string): Grain {
  const found = GRAINS.find((grain) => grain === text);
  if (found === undefined) throw new AskedError("by", text);
  return found;
}
