/**
 * The focus on the board: Tab leads to one order, the arrow keys to the others; it stays with its order when that goes
 * to another column, and goes to whoever takes its place when it leaves.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Direction, type Grid, neighbour, successor } from "./columns";

/** The order that an element belongs to. */
export function orderOf(element: EventTarget | null): string | null {
  return element instanceof Element ? (element.closest<HTMLElement>("[data-order]")?.dataset.order ?? null) : null;
}

export function useRoving(grid: Grid) {
  const board = useRef<HTMLDivElement>(null);
  const before = useRef<Grid>(grid);
  /** Whether the focus is on the board, or was on something there that is gone. */
  const held = useRef(false);
  const keyed = useRef(false);
  const [at, setAt] = useState<string | null>(null);
  const current = at === null ? neighbour(grid, null, "first") : successor(before.current, grid, at);

  /** Whoever uses the keys is shown where the focus went; under a pointer nothing moves. */
  function focusOn(id: string | null): void {
    const link = board.current?.querySelector<HTMLElement>(`[data-order="${id}"] a`);
    link?.focus({ preventScroll: !keyed.current });
  }

  useLayoutEffect(() => {
    before.current = grid;
    if (at !== null && current !== at) setAt(current);
    if (held.current && !board.current?.contains(document.activeElement)) focusOn(current);
  });

  return {
    current,
    go: (from: string, direction: Direction) => focusOn(neighbour(grid, from, direction)),
    /** The focus belongs on the board: it was on something beside it that is gone. */
    hold() {
      held.current = true;
    },
    byKey() {
      keyed.current = true;
    },
    /** For the element around the board. */
    attributes: {
      ref: board,
      onPointerDown() {
        keyed.current = false;
      },
      onFocusIn({ target }: FocusEvent) {
        held.current = true;
        setAt((before) => orderOf(target) ?? before);
      },
      onFocusOut({ target, relatedTarget }: FocusEvent) {
        if (relatedTarget !== null) held.current = board.current?.contains(relatedTarget as Node) ?? false;
        // Somebody pressed beside the board, or the element is being taken away: that shows in a moment.
        else
          queueMicrotask(() => {
            if ((target as Node).isConnected) held.current = false;
          });
      },
    },
  };
}
