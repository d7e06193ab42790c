/**
 * Of when the pages about the database are: now, or a moment of the last days, which stands in the address as `at` and
 * goes along from page to page. Pure.
 *
 * Invariants: a span ends at that moment. Where `at` is no moment the server says so by its name.
 */

const HOUR_MS = 3_600_000;

/** How long a span is: hours, in the address as `hours`. */
export const SPANS = [1, 6, 24] as const;
/** Of history: the server keeps eight days of minutes. */
export const LONG_SPANS = [1, 6, 24, 168] as const;

/** Null is now. */
export function momentOf(query: Readonly<Record<string, string>>): string | null {
  return query.at ?? null;
}

export function hoursOf(query: Readonly<Record<string, string>>, spans: readonly number[], usual: number): number {
  return spans.find((hours) => String(hours) === query.hours) ?? usual;
}

/** As the api takes it: both ends, since what it takes for the end of a span without one is a moment later. */
export function spanOf(at: string | null, hours: number, now: number): { from: string; to: string } {
  const to = at === null ? now : Date.parse(at);
  if (Number.isNaN(to)) return { from: String(at), to: String(at) };
  return { from: new Date(to - hours * HOUR_MS).toISOString(), to: at ?? new Date(now).toISOString() };
}

/** The same page, or another one, of another moment or span. */
export function addressAt(path: string, at: string | null, hours?: number): string {
  const said = new URLSearchParams();
  if (at !== null) said.set("at", at);
  if (hours !== undefined) said.set("hours", String(hours));
  const text = said.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** What a field for a moment shows, by the clocks of the reader: 2026-11-27T18:10. */
export function localMinute(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** And back. Null for what is no moment. */
export function fromLocalMinute(text: string): string | null {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}
