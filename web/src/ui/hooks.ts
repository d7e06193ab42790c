/** What ties `lib` to Preact. */
import { useEffect, useState } from "preact/hooks";
import type { Store } from "../lib/store";

/** A store's present value; the component is drawn again at each change. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState(0);
  useEffect(() => {
    const seen = store.value;
    const stop = store.watch(() => draw((count) => count + 1));
    if (!Object.is(seen, store.value)) draw((count) => count + 1);
    return stop;
  }, [store]);
  return store.value;
}

/** The page's title, for as long as the component is there. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Larder`;
  }, [title]);
}
