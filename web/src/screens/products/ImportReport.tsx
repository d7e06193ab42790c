/** What an import would do, or did: how many lines of each kind, and what is wrong with which line. */
import { locale } from "../../app";
import type { components } from "../../generated/catalog";
import { Trouble } from "../../ui/pieces";
import { say } from "./texts";

export type Report = components["schemas"]["Report"];

interface Props {
  report: Report;
  busy: boolean;
  error: Error | null;
  onImport: () => void;
  /** The whole report as a file. */
  onFile: () => void;
}

const COUNTS = ["lines", "created", "updated", "unchanged", "refused"] as const;

export function ImportReport({ report, busy, error, onImport, onFile }: Props) {
  const { applied, mode, created, updated, refused, stock_kept } = report;
  const changing = created + updated;
  const blocked = mode === "all" && refused > 0;
  return (
    <section class="card import" aria-live="polite">
      <p>
        <b>{verdict(report)}</b>
      </p>
      <dl class="counts">
        {COUNTS.map((name) => (
          <div key={name} data-tone={name === "refused" && refused > 0 ? "bad" : undefined}>
            <dt>{say(name)}</dt>
            <dd>{report[name].toLocaleString(locale)}</dd>
          </div>
        ))}
      </dl>
      {stock_kept > 0 && <p class="quiet">{say("stockKept", { count: stock_kept })}</p>}
      <Errors report={report} />
      <Trouble error={error} />
      <div class="actions">
        {!applied && !blocked && changing > 0 && (
          <button type="button" class="go" disabled={busy} onClick={onImport}>
            {busy ? say("importing") : say("importNow", { count: changing })}
          </button>
        )}
        {!applied && (
          <button type="button" disabled={busy} onClick={onFile}>
            {say("report")}
          </button>
        )}
      </div>
    </section>
  );
}

function verdict({ applied, mode, created, updated, refused }: Report): string {
  if (applied) return say("done");
  if (mode === "all" && refused > 0) return say("refusedAll");
  return say(created + updated === 0 && refused === 0 ? "nothingToDo" : "wouldBe");
}

function Errors({ report: { errors, errors_left_out } }: { report: Report }) {
  if (errors.length === 0) return null;
  return (
    <>
      <table class="errors">
        <caption>{say("wrongLines")}</caption>
        <thead>
          <tr>
            <th scope="col" class="number">
              {say("lineNumber")}
            </th>
            <th scope="col">{say("sku")}</th>
            <th scope="col">{say("column")}</th>
            <th scope="col">{say("reason")}</th>
          </tr>
        </thead>
        <tbody>
          {errors.map(({ line, sku, column, reason }) => (
            <tr key={`${line} ${column}`}>
              <th scope="row" class="number">
                {line.toLocaleString(locale)}
              </th>
              <td>{sku ?? ""}</td>
              <td>{column ?? say("wholeLine")}</td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {errors_left_out > 0 && <p class="quiet">{say("leftOut", { count: errors_left_out })}</p>}
    </>
  );
}
