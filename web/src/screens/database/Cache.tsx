/** Copies of answers: how often one was there, and whether everybody hears of changes. */
import { api } from "../../app";
import { answer } from "../../lib/api";
import { MINUTE_MS, useAnswer } from "../../ui/answer";
import { Panel } from "../../ui/Panel";
import { Table } from "../../ui/Table";
import { useAbout, useDatabase } from "./ask";
import { Frame } from "./Frame";
import { say } from "./texts";
import { number, share, size } from "./write";

export default function Cache() {
  const { at } = useAbout();
  return at.at === undefined ? <Now /> : <Then />;
}

function Now() {
  const cache = useAnswer(() => answer(api.GET("/api/performance/cache")), "now", MINUTE_MS);
  return (
    <Frame page="cache" asOf={cache.value?.as_of} again={cache.again}>
      <div class="panels">
        <Panel title={say("cache")} line={say("cacheLine")} size="small" wide answer={cache}>
          {({ kinds }) => <Kinds kinds={kinds} />}
        </Panel>
        <Panel title={say("valkey")} size="small" answer={cache}>
          {({ valkey }) =>
            valkey === null ? (
              <p class="note" data-tone="bad">
                {say("valkeyAway")}
              </p>
            ) : (
              <p>
                {say("memoryUsed", {
                  used: size(valkey.used_bytes),
                  limit: size(valkey.limit_bytes),
                  keys: valkey.keys,
                })}
              </p>
            )
          }
        </Panel>
      </div>
    </Frame>
  );
}

/** What a snapshot has of it. */
function Then() {
  const now = useDatabase();
  return (
    <Frame page="cache" asOf={now.value?.as_of}>
      <Panel title={say("cache")} line={say("cacheLine")} size="small" answer={now}>
        {({ cache }) => (cache.length === 0 ? <p class="quiet">{say("noCache")}</p> : <Kinds kinds={cache} />)}
      </Panel>
    </Frame>
  );
}

interface Kind {
  kind: "product" | "order" | "session";
  processes: number;
  in_step: number;
  reads: number;
  hit_ratio: number | null;
  promised_ratio?: number;
}

function Kinds({ kinds }: { kinds: readonly Kind[] }) {
  return (
    <Table
      label={say("cache")}
      rows={kinds}
      keyOf={({ kind }) => kind}
      columns={[
        { name: say("kind"), cell: ({ kind }) => say(kind) },
        {
          name: say("hitRatio"),
          number: true,
          cell: ({ hit_ratio }) => share(hit_ratio),
          by: (kind) => kind.hit_ratio,
        },
        { name: say("promised"), number: true, cell: ({ promised_ratio }) => share(promised_ratio) },
        { name: say("cacheReads"), number: true, cell: ({ reads }) => number(reads), by: ({ reads }) => reads },
        {
          name: say("inStep"),
          number: true,
          cell: ({ in_step, processes }) => say("ofProcesses", { inStep: in_step, processes }),
        },
      ]}
    />
  );
}
