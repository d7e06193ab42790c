/** How many orders came to nothing, and why. */
import { api } from "../../app";
import { answer } from "../../lib/api";
import { statusName } from "../../status";
import { useAnswer } from "../../ui/answer";
import { Panel } from "../../ui/Panel";
import { File } from "./File";
import type { Own } from "./own";
import { Ranking } from "./Ranking";
import { say } from "./texts";
import { zoneWayOut } from "./wayOut";
import { addressWith, number } from "./write";

const LIMIT = 8;

export function Cancellations({ range, asked }: Own) {
  const told = useAnswer(
    () => answer(api.GET("/api/analytics/cancellations", { params: { query: { ...range, limit: LIMIT } } })),
    JSON.stringify(range),
  );
  const lost = told.value === null ? 0 : told.value.cancelled + told.value.rejected;
  return (
    <Panel
      title={say("cancellations")}
      line={told.value === null ? "\u00a0" : say("cancellationsLine", { lost, orders: told.value.orders })}
      answer={told}
      wayOut={zoneWayOut(asked, told.error)}
      corner={<File report="cancellations" what={say("cancellations")} range={range} />}
    >
      {({ items, other_reasons }) => (
        <Ranking
          none={say("nothingLost")}
          items={[
            ...items.map(({ status, reason, orders }) => ({
              key: `${status} ${reason}`,
              name: reason === "" ? say("noReason") : reason,
              href: addressWith("/figures/orders", { ...range, status }),
              label: say("showOrders", { name: statusName(status) }),
              line: statusName(status),
              size: orders,
              text: number(orders),
            })),
            ...(other_reasons === 0
              ? []
              : [{ key: "other", name: say("otherReasons"), size: other_reasons, text: number(other_reasons) }]),
          ]}
        />
      )}
    </Panel>
  );
}
