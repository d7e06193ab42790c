/** What the server says, for components: an answer that stays as new as they want, and lists by pages. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clock, read } from "../app";
import type { Page } from "../lib/feed";
import { Pages } from "../lib/pages";
import type { ReadState } from "../lib/read";
import { useStore } from "./hooks";

export const MINUTE_MS = 60_000;

export type Told<T> = Pick<ReadState<T>, "value" | "busy" | "error">;

export interface Answered<T> extends Told<T> {
  again(): void;
}

/**
 * The answer to a question, asked anew when `key` is another one, and each `everyMs` while somebody looks. A null key
 * asks nothing yet. What was answered to the key before stays, busy, until the new answer is there. Nothing is kept.
 */
export function useAnswer<T>(ask: () => Promise<T>, key: string | null, everyMs?: number): Answered<T> {
  // What is asked has its key: `ask` is another function each time.
  const one = useMemo(() => read(null, ask), [key]);
  const before = useRef<T>(null);
  useEffect(() => {
    if (key === null) return;
    let callOff = () => {};
    const wait = (ms: number) => {
      callOff = clock.after(ms, () => {
        // What failed is tried again by itself.
        if (document.visibilityState === "visible" && one.state.value.error === null) one.refresh();
        wait(ms);
      });
    };
    one.start();
    if (everyMs !== undefined) wait(everyMs);
    return () => {
      callOff();
      one.stop();
    };
  }, [one, everyMs]);
  const { value, busy, error } = useStore(one.state);
  if (value !== null) before.current = value;
  return { value: value ?? before.current, busy, error, again: () => one.refresh() };
}

export interface Paged<T> {
  items: readonly T[];
  busy: boolean;
  error: Error | null;
  /** Loads the next page, or again the one that failed; null after the last. */
  more: (() => void) | null;
}

/** A list by its cursor, from the beginning when `key` is another one; what was found before stays until then. */
export function usePages<T>(page: (cursor: string | null) => Promise<Page<T>>, key: string): Paged<T> {
  // What is asked has its key: `page` is another function each time.
  const asked = useRef(page);
  asked.current = page;
  const [pages] = useState(() => new Pages<string, T>((_, cursor) => asked.current(cursor)));
  useEffect(() => {
    pages.ask(key);
  }, [key]);
  const { items, more, busy, error } = useStore(pages.state);
  const ended = items !== null && !more && error === null;
  return {
    items: items ?? [],
    busy: busy || (items === null && error === null),
    error,
    more: ended ? null : () => (more ? pages.more() : pages.ask(key)),
  };
}
