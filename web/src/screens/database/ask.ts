/** What the pages ask: of now, anew each minute, or of the moment that stands in the address. */
import { useLocation } from "preact-iso";
import { api, clock } from "../../app";
import { answer } from "../../lib/api";
import { type Answered, MINUTE_MS, useAnswer } from "../../ui/answer";
import { hoursOf, momentOf, SPANS, spanOf } from "./moment";

export interface About {
  /** As the api takes it. */
  at: { at?: string };
  key: string;
  /** Now goes on. */
  everyMs: number | undefined;
}

export function useAbout(): About {
  const at = momentOf(useLocation().query);
  return { at: at === null ? {} : { at }, key: at ?? "now", everyMs: at === null ? MINUTE_MS : undefined };
}

export function useDatabase() {
  const { at, key, everyMs } = useAbout();
  return useAnswer(() => answer(api.GET("/api/performance/database", { params: { query: at } })), key, everyMs);
}

/** Of what has a span instead of a moment: that which ends there. */
export function useSpan<T>(
  ask: (span: { from: string; to: string }) => Promise<T>,
  spans: readonly number[] = SPANS,
  usual = 1,
): Answered<T> & { at: string | null; hours: number } {
  const { query } = useLocation();
  const at = momentOf(query);
  const hours = hoursOf(query, spans, usual);
  const asked = useAnswer(
    () => ask(spanOf(at, hours, clock.now())),
    `${at} ${hours}`,
    at === null ? MINUTE_MS : undefined,
  );
  return { ...asked, at, hours };
}
