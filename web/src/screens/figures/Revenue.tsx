/** Orders and revenue over the time, with the time before behind it. A point leads to its orders. */
import { api, locale } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { shortMoney } from "../../lib/money";
import { shortCount } from "../../lib/numbers";
import { MINUTE_MS, useAnswer } from "../../ui/answer";
import { Chart } from "../../ui/chart/Chart";
import type { Point } from "../../ui/chart/point";
import { Panel } from "../../ui/Panel";
import { File } from "./File";
import type { Own } from "./own";
import { bucketEnd } from "./period";
import { say } from "./texts";
import { addressWith, bucketName, bucketShort, number, STEPS, sum } from "./write";

type Bucket = components["schemas"]["Bucket"];
type Measure = "orders" | "revenue_cents";

interface Props extends Own {
  /** The time before, once it is known. */
  previous: { from: string; to: string } | undefined;
}

export function Revenue({ range, asked, previous }: Props) {
  const { by } = asked;
  const ask = (about: typeof range) =>
    answer(api.GET("/api/analytics/revenue", { params: { query: { ...about, bucket: by } } }));
  const now = useAnswer(() => ask(range), JSON.stringify([range, by]), MINUTE_MS);
  const earlier = previous && { ...range, from: previous.from, to: previous.to };
  const before = useAnswer(() => ask(earlier ?? range), earlier === undefined ? null : JSON.stringify([earlier, by]));

  function points(items: readonly Bucket[], measure: Measure): Point[] {
    return items.map((item, index) => {
      const to = bucketEnd(item.at, by, items[index + 1]?.at);
      return {
        key: item.at,
        name: bucketName(item.at, by),
        short: bucketShort(item.at, by),
        value: item[measure],
        before: before.value === null ? undefined : (before.value.items[index]?.[measure] ?? null),
        href: addressWith("/figures/orders", { ...range, from: item.at, to }),
      };
    });
  }

  return (
    <Panel
      title={say("revenueBy")}
      line={say("revenueByLine")}
      size="large"
      wide
      answer={now}
      corner={<File report="revenue" what={say("revenue")} range={{ ...range, bucket: by }} />}
    >
      {({ items }) => (
        <div class="pair">
          <Chart
            title={say(`revenueBy_${by}`)}
            points={points(items, "revenue_cents")}
            write={sum}
            steps={STEPS[by]}
            short={(cents) => shortMoney(cents, locale)}
          />
          <Chart
            title={say(`ordersBy_${by}`)}
            points={points(items, "orders")}
            write={number}
            steps={STEPS[by]}
            short={(value) => shortCount(value, locale)}
            whole
            bars
          />
        </div>
      )}
    </Panel>
  );
}
