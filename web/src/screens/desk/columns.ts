/**
 * The board as columns of orders under way, and how one moves between them by keyboard.
 *
 * Invariants: every order under way is in the column of its state, the oldest first: that one has waited longest. A
 * place on the board is found again after the order on it has gone on or left.
 */
import type { Entry, Status } from "../../orders";

export const COLUMNS = ["pending", "confirmed", "preparing", "ready", "out_for_delivery", "failed"] as const;
export type Column = (typeof COLUMNS)[number];
export type Columns = Record<Column, readonly Entry[]>;

/** Orders come newest first, as lists have them. */
export function columnsOf(orders: readonly Entry[]): Columns {
  const columns: Record<Column, Entry[]> = {
    pending: [],
    confirmed: [],
    preparing: [],
    ready: [],
    out_for_delivery: [],
    failed: [],
  };
  for (const order of orders.toReversed()) if (isColumn(order.status)) columns[order.status].push(order);
  return columns;
}

function isColumn(status: Status): status is Column {
  return (COLUMNS as readonly Status[]).includes(status);
}

/** The ids on the board, column by column, as they are shown. */
export type Grid = readonly (readonly string[])[];

export type Direction = "up" | "down" | "left" | "right" | "first" | "last";

/** Where a key leads from an order; the order itself at an edge. Null on an empty board. */
export function neighbour(grid: Grid, from: string | null, direction: Direction): string | null {
  const [column, row] = placeOf(grid, from) ?? [-1, -1];
  const here = grid[column];
  if (here === undefined) return firstOf(grid);
  switch (direction) {
    case "up":
      return here[Math.max(0, row - 1)] ?? null;
    case "down":
      return here[Math.min(here.length - 1, row + 1)] ?? null;
    case "first":
      return here[0] ?? null;
    case "last":
      return here.at(-1) ?? null;
    default: {
      const beyond = direction === "left" ? grid.slice(0, column).reverse() : grid.slice(column + 1);
      const next = beyond.find(({ length }) => length > 0) ?? here;
      return next === here ? from : (next[Math.min(row, next.length - 1)] ?? null);
    }
  }
}

/** Who has the place of an order now: itself wherever it went, else whoever moved up to where it was. */
export function successor(before: Grid, now: Grid, id: string): string | null {
  if (placeOf(now, id) !== null) return id;
  const [column, row] = placeOf(before, id) ?? [0, 0];
  const there = now[column] ?? [];
  return there[Math.min(row, there.length - 1)] ?? firstOf(now);
}

function placeOf(grid: Grid, id: string | null): [column: number, row: number] | null {
  for (const [column, ids] of grid.entries()) {
    const row = id === null ? -1 : ids.indexOf(id);
    if (row >= 0) return [column, row];
  }
  return null;
}

function firstOf(grid: Grid): string | null {
  return grid.find(({ length }) => length > 0)?.[0] ?? null;
}
