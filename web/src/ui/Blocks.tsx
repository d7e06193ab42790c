/**
 * A list of any length: only what is near the window is in the page, in blocks of fifty. A block that was drawn keeps its
 * height when it leaves, so nothing jumps; one that holds the focus stays. An entry is drawn once for each state of it: what
 * else changes in a long list costs it nothing.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const SIZE = 50;

interface BlocksProps<T extends object> {
  items: readonly T[];
  /** An entry, with its own key: by itself alone, for it is not drawn again when something else changes. */
  draw: (item: T) => { key: string; shown: ComponentChildren };
  /** What an entry is about as high as, in pixels, before it was drawn. */
  height: number;
  label: string;
  class?: string;
}

export function Blocks<T extends object>({ items, draw, height, label, class: look = "" }: BlocksProps<T>) {
  const starts = Array.from({ length: Math.ceil(items.length / SIZE) }, (_, block) => block * SIZE);
  return (
    // biome-ignore lint/a11y/useSemanticElements: an ol may not have its entries in blocks
    <div role="list" aria-label={label} class={`blocks ${look}`}>
      {starts.map((start) => (
        <Block key={start} items={items} start={start} draw={draw} height={height} />
      ))}
    </div>
  );
}

function Block<T extends object>({
  items,
  start,
  draw,
  height,
}: Omit<BlocksProps<T>, "label" | "class"> & { start: number }) {
  const box = useRef<HTMLDivElement>(null);
  const last = useRef<number | null>(null);
  // The same drawing is passed over by Preact, with all that is in it.
  const drawn = useRef(new WeakMap<T, ReturnType<typeof draw>>());
  const [near, setNear] = useState(start === 0);
  useEffect(() => {
    const block = box.current;
    if (block === null) return;
    const observer = new IntersectionObserver(
      (seen) => {
        const isNear = seen.at(-1)?.isIntersecting === true;
        if (!isNear && block.contains(document.activeElement)) return;
        if (!isNear && block.childElementCount > 0) last.current = block.offsetHeight;
        setNear(isNear);
      },
      { rootMargin: "100% 0px" },
    );
    observer.observe(block);
    return () => observer.disconnect();
  }, []);
  const mine = items.slice(start, start + SIZE);
  return (
    <div role="none" ref={box} style={{ height: near ? "auto" : `${last.current ?? mine.length * height}px` }}>
      {near &&
        mine.map((item, place) => {
          const entry = drawn.current.get(item) ?? draw(item);
          drawn.current.set(item, entry);
          const { key, shown } = entry;
          return (
            // biome-ignore lint/a11y/useSemanticElements: as above
            <div role="listitem" key={key} aria-setsize={items.length} aria-posinset={start + place + 1}>
              {shown}
            </div>
          );
        })}
    </div>
  );
}
