/** Numbers and moments of the figures, as the reader writes them. */
import { locale } from "../../app";
import { money } from "../../lib/money";
import { count, duration, percent } from "../../lib/numbers";
import { asWritten, clockOf } from "../../lib/time";
import type { Grain } from "./period";

export const sum = (cents: number) => money(cents, locale);
export const number = (value: number) => count(value, locale);
export const share = (part: number) => percent(part, locale);
export const minutes = (value: number | null) => (value === null ? "–" : duration(value * 60_000, locale));

const LONG: Record<Grain, Intl.DateTimeFormatOptions> = {
  hour: { weekday: "short", day: "numeric", month: "short", ...clockOf(locale) },
  day: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  week: { day: "numeric", month: "short", year: "numeric" },
};
const SHORT: Record<Grain, Intl.DateTimeFormatOptions> = {
  hour: clockOf(locale),
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
};

/** When a bucket begins, by the clocks of the zone that was asked for. */
export const bucketName = (at: string, grain: Grain) => asWritten(at, locale, LONG[grain]);
export function bucketShort(at: string, grain: Grain): string {
  const midnight = grain === "hour" && at.slice(11, 16) === "00:00";
  return asWritten(at, locale, SHORT[midnight ? "day" : grain]);
}

/** Hours are named at hours that divide a day, so that each day has its name; days and weeks anywhere. */
export const STEPS: Record<Grain, readonly number[]> = { hour: [1, 2, 3, 6, 12, 24, 48, 96, 168], day: [], week: [] };

/** For a link to the orders behind a number, or a file of them. */
export function addressWith(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(parameters).filter((each): each is [string, string] => each[1] !== undefined);
  return `${path}?${new URLSearchParams(said)}`;
}
