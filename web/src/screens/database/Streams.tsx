/** How far changes have come: to replicas, out of the outboxes, and to each who reads a stream. */
import type { components } from "../../generated/analytics";
import { Panel } from "../../ui/Panel";
import { Trouble } from "../../ui/pieces";
import { Table } from "../../ui/Table";
import { useDatabase } from "./ask";
import { Frame, Untold } from "./Frame";
import { readersOf } from "./readers";
import { say } from "./texts";
import { moment, number, seconds, size } from "./write";

type Schemas = components["schemas"];

export default function Streams() {
  const now = useDatabase();
  const { value } = now;
  return (
    <Frame page="streams" asOf={value?.as_of} again={now.again}>
      <Trouble error={value === null ? null : now.error} />
      {value !== null && <Untold missing={value.missing} silent={value.silent} />}
      <div class="panels flowing">
        <Panel title={say("outboxes")} size="small" answer={now}>
          {({ outboxes }) => (
            <Table
              label={say("outboxes")}
              rows={outboxes}
              keyOf={({ context }) => context}
              columns={[
                { name: say("context"), cell: ({ context }) => context },
                { name: say("oldest"), number: true, cell: ({ oldest_seconds }) => seconds(oldest_seconds) },
                { name: say("parked"), number: true, cell: ({ parked }) => number(parked) },
                { name: say("seen"), number: true, cell: ({ seen_at }) => moment(seen_at) },
              ]}
            />
          )}
        </Panel>
        <Panel title={say("replication")} size="small" answer={now}>
          {({ replicas }) =>
            replicas.length === 0 ? <p class="quiet">{say("noReplicas")}</p> : <Replicas replicas={replicas} />
          }
        </Panel>
        <Panel title={say("slots")} size="small" answer={now}>
          {({ slots }) => (slots.length === 0 ? <p class="quiet">{say("noSlots")}</p> : <Slots slots={slots} />)}
        </Panel>
        {value?.streams.map((stream) => (
          <Stream key={stream.name} stream={stream} />
        ))}
        {value?.streams.length === 0 && <p class="quiet">{say("noStreams")}</p>}
      </div>
    </Frame>
  );
}

function Replicas({ replicas }: { replicas: readonly Schemas["Replica"][] }) {
  return (
    <Table
      label={say("replication")}
      rows={replicas}
      keyOf={({ name }) => name}
      columns={[
        { name: say("replica"), cell: ({ name }) => name },
        { name: say("state"), cell: ({ state }) => state },
        { name: say("sync"), cell: ({ sync_state }) => sync_state },
        { name: say("bytesBehind"), number: true, cell: ({ bytes_behind }) => size(bytes_behind) },
        { name: say("replay"), number: true, cell: ({ replay_lag_seconds }) => seconds(replay_lag_seconds) },
      ]}
    />
  );
}

function Slots({ slots }: { slots: readonly Schemas["Slot"][] }) {
  return (
    <Table
      label={say("slots")}
      rows={slots}
      keyOf={({ name }) => name}
      columns={[
        { name: say("slot"), cell: ({ name }) => name },
        { name: say("active"), cell: ({ active }) => say(active ? "yes" : "no") },
        { name: say("kept"), number: true, cell: ({ bytes_kept }) => size(bytes_kept) },
        { name: say("left"), number: true, cell: ({ bytes_left }) => size(bytes_left) },
      ]}
    />
  );
}

function Stream({ stream }: { stream: Schemas["StreamReport"] }) {
  return (
    <Panel
      title={say("consumers", { stream: stream.name })}
      line={say("streamLine", { count: stream.events, size: size(stream.bytes), seq: stream.seq })}
      answer={{ value: stream, busy: false, error: null }}
    >
      {({ consumers }) =>
        consumers.length === 0 ? (
          <p class="quiet">{say("noConsumers")}</p>
        ) : (
          <Table
            label={say("consumers", { stream: stream.name })}
            rows={readersOf(consumers)}
            keyOf={({ name }) => name}
            columns={[
              {
                name: say("consumer"),
                cell: ({ name, passing }) => (passing === 0 ? name : say("passing", { count: passing })),
                by: ({ name }) => name,
              },
              { name: say("behind"), number: true, cell: ({ behind }) => number(behind), by: ({ behind }) => behind },
              {
                name: say("unacknowledged"),
                number: true,
                cell: ({ unacknowledged }) => number(unacknowledged),
                by: ({ unacknowledged }) => unacknowledged,
              },
              {
                name: say("redelivered"),
                number: true,
                cell: ({ redelivered }) => number(redelivered),
                by: ({ redelivered }) => redelivered,
              },
            ]}
          />
        )
      }
    </Panel>
  );
}
