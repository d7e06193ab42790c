/** How many were delivered, and when. */
import { api } from "../../app";
import { answer } from "../../lib/api";
import { useAnswer } from "../../ui/answer";
import { Meter } from "../../ui/chart/Spark";
import { Panel } from "../../ui/Panel";
import type { Own } from "./own";
import { say } from "./texts";
import { addressWith, minutes, number, share } from "./write";

export function Deliveries({ range }: Own) {
  const told = useAnswer(
    () => answer(api.GET("/api/analytics/deliveries", { params: { query: range } })),
    JSON.stringify(range),
  );
  const behind = (more: Record<string, string>) => addressWith("/figures/orders", { ...range, ...more });
  return (
    <Panel
      title={say("deliveries")}
      answer={told}
      line={told.value === null ? "\u00a0" : say("deliveriesLine", { promise: minutes(told.value.promise_minutes) })}
    >
      {(value) => (
        <>
          <p class="share">
            <b>{value.on_time_share === null ? "–" : share(value.on_time_share)}</b> {say("onTime")}
          </p>
          <Meter share={value.on_time_share ?? 0} />
          <dl class="facts">
            <Fact name={say("delivered")} value={value.delivered} href={behind({ status: "delivered" })} />
            <Fact name={say("late")} value={value.late} href={behind({ late: "true" })} />
            <Fact name={say("underWay")} value={value.out_for_delivery} href={behind({ status: "out_for_delivery" })} />
            <Fact name={say("failed")} value={value.failed} href={behind({ status: "failed" })} />
          </dl>
        </>
      )}
    </Panel>
  );
}

function Fact({ name, value, href }: { name: string; value: number; href: string }) {
  return (
    <div>
      <dt>{value === 0 ? name : <a href={href}>{name}</a>}</dt>
      <dd>{number(value)}</dd>
    </div>
  );
}
