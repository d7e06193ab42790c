/** What took long for somebody, with the file that it stands in and every plan that was seen. */
import { api } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { Panel } from "../../ui/Panel";
import { useSpan } from "./ask";
import { Frame, Untold } from "./Frame";
import { SPANS } from "./moment";
import { Plan } from "./Plan";
import { QueryName } from "./QueryName";
import { Span } from "./Span";
import { say } from "./texts";
import { moment, ms } from "./write";

type SlowQuery = components["schemas"]["SlowQueryReport"];

export default function Slow() {
  const slow = useSpan(
    (span) => answer(api.GET("/api/performance/slow-queries", { params: { query: span } })),
    SPANS,
    24,
  );
  const { value } = slow;
  return (
    <Frame page="slow" asOf={value?.as_of} again={slow.again}>
      {value !== null && <Untold missing={value.missing} />}
      <Panel
        title={say("slow")}
        line={say("slowLine")}
        size="large"
        answer={slow}
        corner={<Span hours={slow.hours} spans={SPANS} />}
      >
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">{say("noSlow")}</p>
          ) : (
            <ol class="slow">
              {items.map((query, index) => (
                <Query key={query.name ?? query.text} query={query} open={index === 0} />
              ))}
            </ol>
          )
        }
      </Panel>
    </Frame>
  );
}

/** `open`: the last plan is seen at once. */
function Query({ query, open }: { query: SlowQuery; open: boolean }) {
  const told = [
    query.times > 0 ? say("times", { count: query.times }) : null,
    query.longest_ms === null ? null : say("longest", { time: ms(query.longest_ms) }),
    query.now.executed === null ? null : say("meanIs", { time: ms(query.now.executed.mean_ms) }),
    query.last_at === null ? null : say("last", { when: moment(query.last_at) }),
  ].filter((part) => part !== null);
  return (
    <li>
      <h3>
        <QueryName query={query} />
      </h3>
      <p class="quiet">{told.join(" · ")}</p>
      {query.plans.length > 1 && <p class="note">{say("morePlans")}</p>}
      {query.plans.map((plan, index) => (
        <Plan key={`${plan.role} ${plan.first_seen}`} plan={plan} open={open && index === 0} />
      ))}
      {query.plan_missing !== null && <p class="quiet">{query.plan_missing}</p>}
    </li>
  );
}
