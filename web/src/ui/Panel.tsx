/**
 * One answer in a card of its own: its room before it is there, what is wrong with it beside what was known, and what
 * belongs to it in the corner.
 */
import type { ComponentChildren } from "preact";
import type { Told } from "./answer";
import { Trouble } from "./pieces";
import "./panel.css";

interface Props<T> {
  title: string;
  /** A sentence under it. */
  line?: string;
  /** How much room it takes, about. */
  size?: "small" | "middle" | "large";
  wide?: boolean;
  answer: Told<T>;
  corner?: ComponentChildren;
  /** What stands in place of an error's own words where it is known what to do about it. */
  wayOut?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}

export function Panel<T>({ title, line, size = "middle", wide = false, answer, corner, wayOut, children }: Props<T>) {
  const { value, busy, error } = answer;
  return (
    <section class="panel card" data-size={size} data-wide={wide} aria-busy={busy} data-old={busy && value !== null}>
      <header>
        <div>
          <h2>{title}</h2>
          {line !== undefined && <p class="quiet">{line}</p>}
        </div>
        {corner}
      </header>
      {error !== null && (wayOut ?? <Trouble error={error} />)}
      {value !== null ? children(value) : error === null && <div class="room" />}
    </section>
  );
}
