/** How long orders stay in each state. */
import { api } from "../../app";
import { answer } from "../../lib/api";
import { statusName } from "../../status";
import { useAnswer } from "../../ui/answer";
import { Panel } from "../../ui/Panel";
import { Table } from "../../ui/Table";
import type { Own } from "./own";
import { say } from "./texts";
import { zoneWayOut } from "./wayOut";
import { minutes, number } from "./write";

export function Stages({ range, asked }: Own) {
  const told = useAnswer(
    () => answer(api.GET("/api/analytics/stages", { params: { query: range } })),
    JSON.stringify(range),
  );
  return (
    <Panel title={say("stages")} line={say("stagesLine")} answer={told} wayOut={zoneWayOut(asked, told.error)}>
      {({ items }) => (
        <Table
          label={say("stages")}
          rows={items}
          keyOf={({ status }) => status}
          columns={[
            { name: say("stageState"), cell: ({ status }) => statusName(status) },
            { name: say("stageStays"), number: true, cell: ({ stays }) => number(stays), by: ({ stays }) => stays },
            {
              name: say("stageHalf"),
              number: true,
              cell: (item) => minutes(item.minutes.p50),
              by: (item) => item.minutes.p50,
            },
            {
              name: say("stageMost"),
              number: true,
              cell: (item) => minutes(item.minutes.p95),
              by: (item) => item.minutes.p95,
            },
          ]}
        />
      )}
    </Panel>
  );
}
