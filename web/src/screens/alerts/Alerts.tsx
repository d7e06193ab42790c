/** What fires, with what to do about it, as it happens; and what has fired before. */
import { alerts } from "../../alerts";
import { api, clock, locale } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import type { AlertFrame } from "../../lib/live";
import { duration } from "../../lib/numbers";
import { ago, when } from "../../lib/time";
import { usePages } from "../../ui/answer";
import { Commands } from "../../ui/Commands";
import { useStore } from "../../ui/hooks";
import { Pill, Skeletons, Trouble } from "../../ui/pieces";
import { Table } from "../../ui/Table";
import { Frame } from "../database/Frame";
import { say } from "./texts";
import "./alerts.css";

type Ended = components["schemas"]["EndedAlert"];
type Firing = AlertFrame["firing"][number];

const PAGE = 50;

export default function Alerts() {
  const frame = useStore(alerts);
  return (
    <Frame page="alerts" asOf={frame?.at} dated={false}>
      <section aria-label={say("firing")} class="firing">
        {frame === null ? <p class="quiet">{say("notYet")}</p> : <Now frame={frame} />}
      </section>
      <Past over={frame?.firing.map(({ id }) => id).join(" ") ?? ""} />
    </Frame>
  );
}

function Now({ frame: { judged, at, firing } }: { frame: AlertFrame }) {
  const moment = at === null ? "" : say("unjudgedAt", { when: when(at, clock.now(), locale) });
  return (
    <>
      {!judged && <p class="note">{say("unjudged", { when: moment })}</p>}
      {firing.length === 0 && judged && (
        <div class="card calm">
          <p>
            <b>{say("none")}</b>
          </p>
          <p class="quiet">{say("noneLine")}</p>
        </div>
      )}
      <ol class="cards">
        {firing.map((alert) => (
          <One key={alert.id} alert={alert} />
        ))}
      </ol>
    </>
  );
}

function One({ alert }: { alert: Firing }) {
  const { name, severity, labels, summary, action, runbook, since } = alert;
  return (
    <li class="card alert" data-severity={severity}>
      <header>
        <h2>
          {name} <span class="quiet">{Object.values(labels).join(" · ")}</span>
        </h2>
        <Pill tone={severity === "page" ? "bad" : "warm"}>{say(severity)}</Pill>
      </header>
      <p>{summary}</p>
      <p class="quiet">
        {say("since", {
          when: when(since, clock.now(), locale),
          ago: ago(Date.parse(since), clock.now(), locale),
        })}
      </p>
      <h3>{say("what")}</h3>
      <p>
        <Commands text={action} />
      </p>
      <p class="quiet">{say("runbook", { place: runbook })}</p>
    </li>
  );
}

/** Anew when something is over. */
function Past({ over }: { over: string }) {
  const list = usePages<Ended>(
    (cursor) =>
      answer(
        api.GET("/api/performance/alerts", {
          params: { query: { limit: PAGE, ...(cursor === null ? {} : { cursor }) } },
        }),
      ),
    over,
  );
  return (
    <section class="card past">
      <h2>{say("past")}</h2>
      <p class="quiet">{say("pastLine")}</p>
      <Trouble error={list.error} />
      {list.items.length === 0 && list.busy && <Skeletons count={2} label={say("loading")} />}
      {list.items.length === 0 && list.more === null && <p class="nothing">{say("nonePast")}</p>}
      {list.items.length > 0 && (
        <Table
          label={say("past")}
          rows={list.items}
          keyOf={({ id }) => id}
          columns={[
            {
              name: say("alert"),
              cell: ({ name, summary }) => (
                <>
                  {name}
                  <span class="quiet summary">{summary}</span>
                </>
              ),
              by: ({ name }) => name,
            },
            { name: say("severity"), cell: ({ severity }) => say(severity), by: ({ severity }) => severity },
            { name: say("began"), cell: ({ since }) => when(since, clock.now(), locale), by: ({ since }) => since },
            { name: say("ended"), cell: ({ until }) => when(until, clock.now(), locale), by: ({ until }) => until },
            { name: say("lasted"), number: true, cell: (alert) => duration(lengthOf(alert), locale), by: lengthOf },
          ]}
        />
      )}
      {list.more !== null && (list.items.length > 0 || list.error !== null) && (
        <button type="button" class="more" disabled={list.busy} onClick={list.more}>
          {say(list.error === null ? "more" : "again")}
        </button>
      )}
    </section>
  );
}

function lengthOf({ since, until }: Ended): number {
  return Date.parse(until) - Date.parse(since);
}
