/** Who has connections, and who waits for one. */
import { api } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { useAnswer } from "../../ui/answer";
import { Commands } from "../../ui/Commands";
import { Meter } from "../../ui/chart/Spark";
import { Panel } from "../../ui/Panel";
import { Table } from "../../ui/Table";
import { useAbout } from "./ask";
import { Frame, Untold } from "./Frame";
import { say } from "./texts";
import { toneOfUse } from "./verdict";
import { ms, number, seconds } from "./write";

type Schemas = components["schemas"];

export default function Pools() {
  const { at, key, everyMs } = useAbout();
  const pools = useAnswer(() => answer(api.GET("/api/performance/pools", { params: { query: at } })), key, everyMs);
  const { value } = pools;
  return (
    <Frame page="pools" asOf={value?.as_of} again={pools.again}>
      {value !== null && <Untold missing={value.missing} silent={value.silent} />}
      <div class="panels">
        <Panel title={say("poolsOf")} line={say("poolsLine")} size="large" wide answer={pools}>
          {(told) => (
            <Table
              label={say("poolsOf")}
              rows={told.pools}
              keyOf={({ process, instance, name }) => `${process} ${instance} ${name}`}
              columns={[
                { name: say("pool"), cell: (pool) => `${pool.process} ${pool.instance} · ${pool.name}`, by: nameOf },
                { name: say("busy"), cell: (pool) => <Busy pool={pool} />, by: (pool) => pool.busy / pool.size },
                { name: say("openOnes"), number: true, cell: ({ open }) => number(open), by: ({ open }) => open },
                { name: say("queue"), number: true, cell: (pool) => number(pool.waiting), by: (pool) => pool.waiting },
                {
                  name: say("acquired"),
                  number: true,
                  cell: (pool) => number(pool.acquired),
                  by: (pool) => pool.acquired,
                },
                {
                  name: say("waitMean"),
                  number: true,
                  cell: ({ wait_mean_ms }) => ms(wait_mean_ms),
                  by: ({ wait_mean_ms }) => wait_mean_ms,
                },
                {
                  name: say("waitP95"),
                  number: true,
                  cell: ({ wait_p95_ms }) => ms(wait_p95_ms),
                  by: ({ wait_p95_ms }) => wait_p95_ms,
                },
              ]}
            />
          )}
        </Panel>
        <Panel title={say("pooler")} size="small" wide answer={pools}>
          {({ pooler, missing }) =>
            pooler === null ? (
              <p class="quiet">
                <Commands text={whyNot(missing)} />
              </p>
            ) : (
              <Pooler pooler={pooler} />
            )
          }
        </Panel>
      </div>
    </Frame>
  );
}

function whyNot(missing: readonly Schemas["Missing"][]): string {
  const lacking = missing.find(({ what }) => what === "pooler");
  return lacking === undefined ? say("noPooler") : `${lacking.why} ${lacking.mend}`;
}

function nameOf({ process, instance, name }: Schemas["PoolReport"]): string {
  return `${process} ${instance} ${name}`;
}

const METERS = { good: "accent", plain: "accent", warm: "warm", bad: "bad" } as const;

function Busy({ pool: { busy, size } }: { pool: Schemas["PoolReport"] }) {
  return (
    <span class="busy">
      {number(busy)} / {number(size)}
      <Meter share={size === 0 ? 0 : busy / size} tone={METERS[toneOfUse(busy, size)]} />
    </span>
  );
}

function Pooler({ pooler }: { pooler: Schemas["Pooler"] }) {
  return (
    <>
      <p class="quiet">
        {say("poolerLine", {
          version: pooler.version,
          connections: pooler.connections,
          limit: pooler.connections_limit,
          rate: number(pooler.transactions_a_second),
        })}
      </p>
      <Table
        label={say("pooler")}
        rows={pooler.pools}
        keyOf={({ role }) => role}
        columns={[
          { name: say("role"), cell: ({ role }) => role, by: ({ role }) => role },
          { name: say("clients"), number: true, cell: ({ clients }) => number(clients), by: ({ clients }) => clients },
          { name: say("queue"), number: true, cell: ({ waiting }) => number(waiting), by: ({ waiting }) => waiting },
          {
            name: say("longestWait"),
            number: true,
            cell: ({ longest_wait_seconds }) => seconds(longest_wait_seconds),
            by: ({ longest_wait_seconds }) => longest_wait_seconds,
          },
          {
            name: say("servers"),
            number: true,
            cell: (pool) => number(pool.servers_busy),
            by: (pool) => pool.servers_busy,
          },
          {
            name: say("idle"),
            number: true,
            cell: (pool) => number(pool.servers_idle),
            by: (pool) => pool.servers_idle,
          },
          { name: say("poolerMode"), cell: ({ mode }) => mode },
        ]}
      />
    </>
  );
}
