/** What comes first: a name, what it comes to, and a bar that makes it comparable. */
import type { ComponentChildren } from "preact";
import { Meter } from "../../ui/chart/Spark";
import { highest } from "../../ui/chart/scale";
import { say } from "./texts";

export interface Ranked {
  key: string;
  name: string;
  /** Where more about it is, and what that is called. */
  href?: string;
  label?: string;
  line?: ComponentChildren;
  size: number;
  text: string;
}

export function Ranking({ items, none = say("nothing") }: { items: readonly Ranked[]; none?: string }) {
  if (items.length === 0) return <p class="quiet nothing">{none}</p>;
  const most = highest(items.map(({ size }) => size)) || 1;
  return (
    <ol class="ranking">
      {items.map(({ key, name, href, label, line, size, text }) => (
        <li key={key}>
          <div class="named">
            {href === undefined ? (
              <span>{name}</span>
            ) : (
              <a href={href} aria-label={label}>
                {name}
              </a>
            )}
            <b>{text}</b>
          </div>
          <Meter share={size / most} />
          {line !== undefined && <p class="quiet">{line}</p>}
        </li>
      ))}
    </ol>
  );
}
