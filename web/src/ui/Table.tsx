/**
 * Rows that can be compared: sorted by any column that has an order, scrolled sideways where there is no room, and read
 * by who cannot see them as what they are.
 */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { texts } from "../app";
import "./table.css";

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  /** What it is sorted by; nothing without. What is not known comes last. */
  by?: (row: T) => number | string | null;
  /** Stands at the right, the largest first when it is sorted by. */
  number?: boolean;
}

interface Props<T> {
  /** What the rows are, for who does not see them. */
  label: string;
  rows: readonly T[];
  /** The first says which row it is. */
  columns: readonly Column<T>[];
  keyOf: (row: T) => string;
  /** How many are there at first; all without. */
  most?: number;
}

const say = texts({
  en: { all: "Show all {count}" },
  de: { all: "Alle {count} zeigen" },
});

export function Table<T>({ label, rows, columns, keyOf, most = Number.POSITIVE_INFINITY }: Props<T>) {
  const [whole, setWhole] = useState(false);
  const [order, setOrder] = useState<{ column: number; down: boolean } | null>(null);
  const sorted = order === null ? rows : sortedBy(rows, columns[order.column], order.down);
  const shown = whole ? sorted : sorted.slice(0, most);

  function sort(column: number): void {
    const begins = columns[column]?.number ?? false;
    setOrder({ column, down: order?.column === column ? !order.down : begins });
  }

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {columns.map(({ name, by, number }, index) => {
              const sorting = order?.column === index ? (order.down ? "descending" : "ascending") : undefined;
              return (
                <th scope="col" class={number ? "number" : ""} key={name} aria-sort={sorting}>
                  {by === undefined ? (
                    name
                  ) : (
                    <button type="button" class="sort" onClick={() => sort(index)}>
                      {name}
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, cell, number }, index) =>
                index === 0 ? (
                  <th scope="row" key={name}>
                    {cell(row)}
                  </th>
                ) : (
                  <td class={number ? "number" : ""} key={name}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < sorted.length && (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          {say("all", { count: sorted.length })}
        </button>
      )}
    </section>
  );
}

function sortedBy<T>(rows: readonly T[], column: Column<T> | undefined, down: boolean): readonly T[] {
  const by = column?.by;
  if (by === undefined) return rows;
  return rows.toSorted((one, other) => {
    const [a, b] = [by(one), by(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
  });
}
