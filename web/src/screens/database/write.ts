/** Numbers and moments of the database, as the reader writes them. What is not known is a dash. */
import { clock, locale } from "../../app";
import { bytes, count, duration, percent, times } from "../../lib/numbers";
import { when } from "../../lib/time";

const NOTHING = "–";

function orNothing<T>(write: (value: T) => string): (value: T | null | undefined) => string {
  return (value) => (value == null ? NOTHING : write(value));
}

export const number = orNothing((value: number) => count(value, locale));
export const size = orNothing((value: number) => bytes(value, locale));
export const ms = orNothing((value: number) => duration(value, locale));
export const seconds = orNothing((value: number) => duration(value * 1000, locale));
export const share = orNothing((value: number) => percent(value, locale));
export const factor = orNothing((value: number) => times(value, locale));
export const moment = orNothing((iso: string) => when(iso, clock.now(), locale));
