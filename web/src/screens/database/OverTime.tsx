/** The last hours or days, as snapshots saw them. A point leads to everything as it was then. */
import { useLocation } from "preact-iso";
import { api, clock, locale } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { bytes, duration, percent, shortCount } from "../../lib/numbers";
import { when } from "../../lib/time";
import { Chart } from "../../ui/chart/Chart";
import type { Point } from "../../ui/chart/point";
import type { Value } from "../../ui/chart/scale";
import { Panel } from "../../ui/Panel";
import { useSpan } from "./ask";
import { addressAt, LONG_SPANS } from "./moment";
import { Span } from "./Span";
import { say } from "./texts";

type HistoryPoint = components["schemas"]["HistoryPoint"];

const ofSeconds = (value: number) => duration(value * 1000, locale);
const ofShare = (value: number) => percent(value, locale, 0);
const ofBytes = (value: number) => bytes(value, locale);
const ofCount = (value: number) => shortCount(value, locale);

const CHARTS: readonly {
  name: Parameters<typeof say>[0];
  of: (point: HistoryPoint) => Value;
  write: (value: number) => string;
  whole?: boolean;
  top?: number;
}[] = [
  { name: "chartCommits", of: (point) => point.commits_a_second, write: ofCount },
  { name: "chartConnections", of: (point) => point.connections, write: ofCount, whole: true },
  { name: "chartPool", of: (point) => point.busiest_pool, write: ofShare, top: 1 },
  { name: "chartHits", of: (point) => point.hit_ratio, write: ofShare, top: 1 },
  { name: "chartOutbox", of: (point) => point.outbox_oldest_seconds, write: ofSeconds },
  { name: "chartLag", of: (point) => point.replica_lag_seconds, write: ofSeconds },
  { name: "chartBlocked", of: (point) => point.blocked, write: ofCount, whole: true },
  { name: "chartSize", of: (point) => point.bytes, write: ofBytes },
];

export function OverTime() {
  const { path } = useLocation();
  const history = useSpan(
    (span) => answer(api.GET("/api/performance/history", { params: { query: span } })),
    LONG_SPANS,
    6,
  );
  return (
    <Panel
      title={say("history")}
      line={say("historyLine")}
      size="large"
      wide
      answer={history}
      corner={<Span hours={history.hours} spans={LONG_SPANS} />}
    >
      {({ items }) => (
        <div class="charts">
          {CHARTS.map(({ name, of, write, whole = false, ...rest }) => (
            <Chart
              key={name}
              title={say(name)}
              points={items.map((item) => ({
                ...pointOf(item),
                value: of(item),
                href: addressAt(path, item.at, history.hours),
              }))}
              write={write}
              short={write}
              whole={whole}
              height={120}
              {...rest}
            />
          ))}
        </div>
      )}
    </Panel>
  );
}

function pointOf({ at }: HistoryPoint): Pick<Point, "key" | "name" | "short"> {
  const name = when(at, clock.now(), locale);
  return { key: at, name, short: name };
}
