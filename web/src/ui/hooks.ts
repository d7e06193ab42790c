/** What ties `lib` to Preact. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { live, read } from "../app";
import type { Clock } from "../lib/clock";
import type { Read, ReadState } from "../lib/read";
import type { Store } from "../lib/store";

/** A store's present value; the component is drawn again at each change. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState(0);
  const shown = store.value;
  useEffect(() => {
    const stop = store.watch(() => draw((count) => count + 1));
    if (!Object.is(shown, store.value)) draw((count) => count + 1); // it changed after it was drawn, and before this
    return stop;
  }, [store]);
  return shown;
}

/**
 * What the server answers, from the copy of last time on until it has; `name` is what it is kept as, and whoever asks
 * for something else takes another one: `useRead("categories", () => answer(api.GET("/api/catalog/categories")))`.
 * Null for a name: it is not kept, and asked for once. `read.refresh()` asks again.
 */
export function useRead<T>(name: string | null, ask: () => Promise<T>): ReadState<T> & { read: Read<T> } {
  // What is asked has its name: `ask` is another function each time.
  const one = useMemo(() => read(name, ask), [name]);
  useEffect(() => {
    one.start();
    // What could not be read without a network is read when there is one.
    const stop = live.status.watch(({ is }) => {
      if (is === "live" && one.state.value.error !== null) one.refresh();
    });
    return () => {
      stop();
      one.stop();
    };
  }, [one]);
  return { ...useStore(one.state), read: one };
}

/** The present moment, looked at anew every so many milliseconds. */
export function useNow(clock: Clock, every: number): number {
  const [now, setNow] = useState(clock.now());
  useEffect(() => clock.after(every, () => setNow(clock.now())), [clock, every, now]);
  return now;
}

/** Whether the screen is such as a media query says. */
export function useMedia(query: string): boolean {
  const [list] = useState(() => matchMedia(query));
  const [matches, setMatches] = useState(list.matches);
  useEffect(() => {
    const look = () => setMatches(list.matches);
    look();
    list.addEventListener("change", look);
    return () => list.removeEventListener("change", look);
  }, [list]);
  return matches;
}

/** The page's title, for as long as the component is there. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Larder`;
  }, [title]);
}
