/** What each query costs, and against before. */
import { api } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { Panel } from "../../ui/Panel";
import { Pill } from "../../ui/pieces";
import { Table } from "../../ui/Table";
import { useSpan } from "./ask";
import { Frame, Untold } from "./Frame";
import { SPANS } from "./moment";
import { QueryName } from "./QueryName";
import { Span } from "./Span";
import { say } from "./texts";
import { toneOfChange } from "./verdict";
import { factor, ms, number, share } from "./write";

type Query = components["schemas"]["QueryReport"];

export default function Queries() {
  const queries = useSpan((span) => answer(api.GET("/api/performance/queries", { params: { query: span } })));
  const { value } = queries;
  return (
    <Frame page="queries" asOf={value?.as_of} again={queries.again}>
      {value !== null && <Untold missing={value.missing} />}
      <Panel
        title={say("queries")}
        line={say("queriesLine")}
        size="large"
        answer={queries}
        corner={<Span hours={queries.hours} spans={SPANS} />}
      >
        {({ items }) => (items.length === 0 ? <p class="quiet">{say("noQueries")}</p> : <Costs queries={items} />)}
      </Panel>
    </Frame>
  );
}

function Costs({ queries }: { queries: readonly Query[] }) {
  return (
    <Table
      label={say("queries")}
      most={30}
      rows={queries}
      keyOf={({ name, text, roles }) => name ?? `${text} ${roles}`}
      columns={[
        { name: say("query"), cell: (query) => <QueryName query={query} />, by: ({ name, text }) => name ?? text },
        { name: say("calls"), number: true, cell: (query) => number(callsOf(query)), by: callsOf },
        {
          name: say("mean"),
          number: true,
          cell: ({ now }) => ms(now.executed?.mean_ms),
          by: ({ now }) => now.executed?.mean_ms ?? null,
        },
        {
          name: say("p95"),
          number: true,
          cell: ({ now }) => ms(now.waited?.p95_ms),
          by: ({ now }) => now.waited?.p95_ms ?? null,
        },
        {
          name: say("share"),
          number: true,
          cell: ({ now }) => share(now.executed?.share),
          by: ({ now }) => now.executed?.share ?? null,
        },
        { name: say("change"), number: true, cell: ({ change }) => <Change by={change} />, by: ({ change }) => change },
        {
          name: say("changeDay"),
          number: true,
          cell: ({ change_of_day }) => <Change by={change_of_day} />,
          by: ({ change_of_day }) => change_of_day,
        },
        {
          name: say("rowsACall"),
          number: true,
          cell: ({ now }) => number(now.executed?.rows_a_call),
          by: ({ now }) => now.executed?.rows_a_call ?? null,
        },
        { name: say("blocks"), number: true, cell: (query) => number(blocksOf(query)), by: blocksOf },
      ]}
    />
  );
}

/** How many times as long as before. What is much is said by more than its colour. */
function Change({ by }: { by: number | null }) {
  const tone = toneOfChange(by);
  return tone === "plain" ? factor(by) : <Pill tone={tone}>{factor(by)}</Pill>;
}

function callsOf({ now }: Query): number | null {
  return now.executed?.calls ?? now.waited?.calls ?? null;
}

function blocksOf({ now: { executed } }: Query): number | null {
  return executed && executed.blocks_hit_a_call + executed.blocks_read_a_call;
}
