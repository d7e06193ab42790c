/** Tables: how large, how much of them is dead, when they were vacuumed, and how they are read. */
import { api } from "../../app";
import { answer } from "../../lib/api";
import { useAnswer } from "../../ui/answer";
import { Breakable } from "../../ui/Breakable";
import { Panel } from "../../ui/Panel";
import { Pill } from "../../ui/pieces";
import { Table } from "../../ui/Table";
import { useAbout } from "./ask";
import { Frame, Untold } from "./Frame";
import { say } from "./texts";
import { toneOfDead } from "./verdict";
import { moment, number, share, size } from "./write";

export default function Tables() {
  const { at, key } = useAbout();
  const tables = useAnswer(() => answer(api.GET("/api/performance/tables", { params: { query: at } })), key);
  const { value } = tables;
  return (
    <Frame page="tables" asOf={value?.as_of} again={tables.again}>
      {value !== null && <Untold missing={value.missing} />}
      <Panel title={say("tables")} line={say("tablesLine")} size="large" answer={tables}>
        {({ items }) => (
          <Table
            label={say("tables")}
            most={30}
            rows={items}
            keyOf={({ name }) => name}
            columns={[
              { name: say("table"), cell: ({ name }) => <Breakable name={name} />, by: ({ name }) => name },
              { name: say("bytes"), number: true, cell: ({ bytes }) => size(bytes), by: ({ bytes }) => bytes },
              { name: say("rows"), number: true, cell: ({ rows }) => number(rows), by: ({ rows }) => rows },
              {
                name: say("dead"),
                number: true,
                cell: ({ dead_share }) => <Dead part={dead_share} />,
                by: ({ dead_share }) => dead_share,
              },
              {
                name: say("bloat"),
                number: true,
                cell: ({ bloat_bytes }) => size(bloat_bytes),
                by: ({ bloat_bytes }) => bloat_bytes,
              },
              {
                name: say("vacuumed"),
                cell: ({ vacuumed_at }) => (vacuumed_at === null ? say("never") : moment(vacuumed_at)),
                by: ({ vacuumed_at }) => vacuumed_at,
              },
              {
                name: say("wholeReads"),
                number: true,
                cell: ({ whole_reads }) => number(whole_reads),
                by: ({ whole_reads }) => whole_reads,
              },
              {
                name: say("indexReads"),
                number: true,
                cell: ({ index_reads }) => number(index_reads),
                by: ({ index_reads }) => index_reads,
              },
              {
                name: say("xidAge"),
                number: true,
                cell: ({ xid_age }) => number(xid_age),
                by: ({ xid_age }) => xid_age,
              },
            ]}
          />
        )}
      </Panel>
    </Frame>
  );
}

function Dead({ part }: { part: number }) {
  const tone = toneOfDead(part);
  return tone === "plain" ? share(part) : <Pill tone={tone}>{share(part)}</Pill>;
}
