/** A point of a series, and how its value is written wherever it is read. */
import type { Value } from "./scale";
import { say } from "./texts";

/** A value in the reader's words: money, a share, a time. */
export type Write = (value: number) => string;

export interface Point {
  key: string;
  /** As it is read: Friday, 27 November. */
  name: string;
  /** As it stands under the axis: 27 Nov. */
  short: string;
  value: Value;
  /** The same of the time before. */
  before?: Value | undefined;
  /** What is behind it: opened by a click, by Enter, and from the table. */
  href?: string | undefined;
}

export function written(value: Value, write: Write): string {
  return value === null ? say("unknown") : write(value);
}
