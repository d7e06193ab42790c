/** Indexes: those that could go, tables that may lack one, and all of them. */
import { api } from "../../app";
import { answer } from "../../lib/api";
import { useAnswer } from "../../ui/answer";
import { Breakable } from "../../ui/Breakable";
import { Panel } from "../../ui/Panel";
import { Table } from "../../ui/Table";
import { useAbout } from "./ask";
import { Frame, Untold } from "./Frame";
import { say } from "./texts";
import { moment, number, size } from "./write";

export default function Indexes() {
  const { at, key } = useAbout();
  const indexes = useAnswer(() => answer(api.GET("/api/performance/indexes", { params: { query: at } })), key);
  const { value } = indexes;
  const since = value?.since ?? null;
  return (
    <Frame page="indexes" asOf={value?.as_of} again={indexes.again}>
      {value !== null && <Untold missing={value.missing} />}
      <div class="panels">
        <Panel
          title={say("couldGo")}
          line={since === null ? say("couldGoLineUnknown") : say("couldGoLine", { since: moment(since) })}
          size="large"
          wide
          answer={indexes}
        >
          {({ unused }) =>
            unused.length === 0 ? (
              <p class="quiet">{say("noneCouldGo")}</p>
            ) : (
              <Table
                label={say("couldGo")}
                most={10}
                rows={unused}
                keyOf={({ name }) => name}
                columns={[
                  { name: say("index"), cell: (index) => <Named index={index} />, by: ({ name }) => name },
                  { name: say("onTable"), cell: ({ table }) => table, by: ({ table }) => table },
                  { name: say("bytes"), number: true, cell: ({ bytes }) => size(bytes), by: ({ bytes }) => bytes },
                  { name: say("why"), cell: ({ why }) => whyOf(why), by: ({ why }) => why },
                ]}
              />
            )
          }
        </Panel>
        <Panel title={say("mayMiss")} line={say("mayMissLine")} size="small" wide answer={indexes}>
          {({ whole_reads }) =>
            whole_reads.length === 0 ? (
              <p class="quiet">{say("noneMissing")}</p>
            ) : (
              <Table
                label={say("mayMiss")}
                rows={whole_reads}
                keyOf={({ table }) => table}
                columns={[
                  { name: say("table"), cell: ({ table }) => table, by: ({ table }) => table },
                  { name: say("bytes"), number: true, cell: ({ bytes }) => size(bytes), by: ({ bytes }) => bytes },
                  { name: say("reads"), number: true, cell: ({ reads }) => number(reads), by: ({ reads }) => reads },
                  {
                    name: say("rowsARead"),
                    number: true,
                    cell: ({ rows_a_read }) => number(rows_a_read),
                    by: ({ rows_a_read }) => rows_a_read,
                  },
                  { name: say("readers"), cell: ({ queries }) => queries.join(", ") || say("unknown") },
                ]}
              />
            )
          }
        </Panel>
        <Panel title={say("allIndexes")} line={say("indexesLine")} size="large" wide answer={indexes}>
          {({ items }) => (
            <Table
              label={say("allIndexes")}
              most={30}
              rows={items}
              keyOf={({ name }) => name}
              columns={[
                { name: say("index"), cell: (index) => <Named index={index} />, by: ({ name }) => name },
                { name: say("onTable"), cell: ({ table }) => table, by: ({ table }) => table },
                { name: say("bytes"), number: true, cell: ({ bytes }) => size(bytes), by: ({ bytes }) => bytes },
                {
                  name: say("bloat"),
                  number: true,
                  cell: ({ bloat_bytes }) => size(bloat_bytes),
                  by: ({ bloat_bytes }) => bloat_bytes,
                },
                { name: say("scans"), number: true, cell: ({ scans }) => number(scans), by: ({ scans }) => scans },
              ]}
            />
          )}
        </Panel>
      </div>
    </Frame>
  );
}

function Named({ index: { name, definition } }: { index: { name: string; definition: string } }) {
  return (
    <>
      <Breakable name={name} />
      <code class="place">
        <Breakable name={definition} />
      </code>
    </>
  );
}

/** The server's words for reasons that it has by name; "same as …" says itself which. */
function whyOf(why: string): string {
  return why === "unused" || why === "invalid" ? say(why) : why;
}
