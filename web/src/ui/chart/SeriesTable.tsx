/** A chart's numbers as a table: its alternative, made when it is opened. */
import { useState } from "preact/hooks";
import { type Point, type Write, written } from "./point";
import { say } from "./texts";

interface Props {
  title: string;
  points: readonly Point[];
  write: Write;
}

export function SeriesTable({ title, points, write }: Props) {
  const [open, setOpen] = useState(false);
  const compared = points.some(({ before }) => before !== undefined);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {say("asTable")}
        <span class="unseen">: {title}</span>
      </summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll" aria-label={title} tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{say("whenColumn")}</th>
                <th scope="col" class="number">
                  {say("valueColumn")}
                </th>
                {compared && (
                  <th scope="col" class="number">
                    {say("beforeColumn")}
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {points.map((point) => (
                <tr key={point.key}>
                  <th scope="row">{point.href === undefined ? point.name : <a href={point.href}>{point.name}</a>}</th>
                  <td class="number">{written(point.value, write)}</td>
                  {compared && <td class="number">{written(point.before ?? null, write)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
