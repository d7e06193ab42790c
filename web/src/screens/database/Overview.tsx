/** How the database and the processes do, and did. */
import type { components } from "../../generated/analytics";
import { Panel } from "../../ui/Panel";
import { Skeletons, type Tone, Trouble } from "../../ui/pieces";
import { Table } from "../../ui/Table";
import { useDatabase } from "./ask";
import { Frame, Untold } from "./Frame";
import { OverTime } from "./OverTime";
import { say } from "./texts";
import { MOST_OUTBOX_S, MOST_REPLICA_LAG_S, toneOfLag, toneOfUse } from "./verdict";
import { moment, number, seconds, share, size } from "./write";

type Now = components["schemas"]["Now"];

export default function Overview() {
  const now = useDatabase();
  const { value, error } = now;
  return (
    <Frame page="overview" asOf={value?.as_of} again={now.again}>
      <Trouble error={error} />
      {value === null && error === null && <Skeletons count={3} label={say("loading")} />}
      {value !== null && (
        <>
          <Untold missing={value.missing} silent={value.silent} />
          <Tiles now={value} />
        </>
      )}
      <div class="panels">
        <OverTime />
      </div>
      {value !== null && <Waits now={value} />}
    </Frame>
  );
}

function Tiles({ now }: { now: Now }) {
  const { server, rates, replicas, outboxes, blocked } = now;
  const lag = worst(replicas.map(({ replay_lag_seconds }) => replay_lag_seconds));
  const oldest = worst(outboxes.map(({ oldest_seconds }) => oldest_seconds));
  return (
    <dl class="tiles">
      <Tile
        name={say("connections")}
        value={number(server.connections)}
        tone={toneOfUse(server.connections, server.connections_limit)}
        note={say("ofLimit", { limit: server.connections_limit })}
      />
      <Tile
        name={say("commits")}
        value={rates === null ? "–" : say("aSecond", { count: number(rates.commits_a_second) })}
        note={rates === null ? "" : say("rollbacks", { count: number(rates.rollbacks_a_second) })}
      />
      <Tile name={say("hits")} value={share(rates?.hit_ratio)} note={say("hitsNote")} />
      <Tile
        name={say("waiting")}
        value={number(blocked.length)}
        tone={blocked.length > 0 ? "bad" : "good"}
        note={say("waitingNote")}
      />
      <Tile
        name={say("outbox")}
        value={seconds(oldest)}
        tone={toneOfLag(oldest, MOST_OUTBOX_S)}
        note={say("outboxNote")}
      />
      <Tile
        name={say("replicaLag")}
        value={seconds(lag)}
        tone={toneOfLag(lag, MOST_REPLICA_LAG_S)}
        note={replicas.length === 0 ? say("noReplica") : say("replicaNote", { count: replicas.length })}
      />
      <Tile
        name={say("size")}
        value={size(server.bytes)}
        note={say("sizeNote", { version: server.version, since: moment(server.started_at) })}
      />
    </dl>
  );
}

function Tile({ name, value, tone = "plain", note }: { name: string; value: string; tone?: Tone; note: string }) {
  return (
    <div class="tile card" data-tone={tone}>
      <dt>{name}</dt>
      <dd class="value">{value}</dd>
      <dd class="quiet">{note}</dd>
    </div>
  );
}

/** What is known to be worst; null where nothing is known. */
function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function Waits({ now }: { now: Now }) {
  const answer = { value: now, busy: false, error: null };
  return (
    <div class="panels flowing">
      <Panel title={say("blocked")} size="small" answer={answer}>
        {({ blocked }) =>
          blocked.length === 0 ? (
            <p class="quiet">{say("noneBlocked")}</p>
          ) : (
            <Table
              label={say("blocked")}
              rows={blocked}
              keyOf={({ pid, blocker_pid }) => `${pid} ${blocker_pid}`}
              columns={[
                { name: say("waiter"), cell: ({ pid, role, statement }) => `${statement ?? "–"} (${role}, ${pid})` },
                {
                  name: say("forSeconds"),
                  number: true,
                  cell: (row) => seconds(row.seconds),
                  by: (row) => row.seconds,
                },
                { name: say("lock"), cell: ({ mode, relation }) => [mode, relation].filter(Boolean).join(" · ") },
                {
                  name: say("blocker"),
                  cell: (row) =>
                    `${row.blocker_statement ?? "–"} (${row.blocker_role}, ${row.blocker_pid}, ${row.blocker_state ?? "–"})`,
                },
              ]}
            />
          )
        }
      </Panel>
      <Panel title={say("transactions")} size="small" answer={answer}>
        {({ transactions }) =>
          transactions.length === 0 ? (
            <p class="quiet">{say("noTransactions")}</p>
          ) : (
            <Table
              label={say("transactions")}
              rows={transactions}
              keyOf={({ pid }) => String(pid)}
              columns={[
                { name: say("statement"), cell: ({ statement, role }) => `${statement ?? "–"} (${role})` },
                { name: say("state"), cell: ({ state }) => state },
                { name: say("lasts"), number: true, cell: (row) => seconds(row.seconds), by: (row) => row.seconds },
              ]}
            />
          )
        }
      </Panel>
      <Panel title={say("who")} size="small" answer={answer}>
        {({ connections }) => (
          <Table
            label={say("who")}
            rows={connections}
            keyOf={({ role, application, state }) => `${role} ${application} ${state}`}
            columns={[
              { name: say("role"), cell: ({ role }) => role, by: ({ role }) => role },
              { name: say("application"), cell: ({ application }) => application || "–", by: (row) => row.application },
              { name: say("state"), cell: ({ state }) => state, by: ({ state }) => state },
              {
                name: say("connections"),
                number: true,
                cell: (row) => number(row.connections),
                by: (row) => row.connections,
              },
            ]}
          />
        )}
      </Panel>
      <Panel title={say("processes")} size="small" answer={answer}>
        {({ processes }) => (
          <Table
            label={say("processes")}
            rows={processes}
            keyOf={({ process, instance }) => `${process} ${instance}`}
            columns={[
              { name: say("process"), cell: (row) => `${row.process} ${row.instance}`, by: (row) => row.process },
              { name: say("since"), cell: ({ since }) => moment(since), by: ({ since }) => since },
              { name: say("answered"), cell: (row) => moment(row.answered_at), by: (row) => row.answered_at },
            ]}
          />
        )}
      </Panel>
    </div>
  );
}
