/** The numbers that come first, each against the time before and with the way to its orders. */
import type { ComponentChildren } from "preact";
import { api } from "../../app";
import type { components } from "../../generated/analytics";
import { answer } from "../../lib/api";
import { type Told, useAnswer } from "../../ui/answer";
import { Spark } from "../../ui/chart/Spark";
import type { Value } from "../../ui/chart/scale";
import { Trouble } from "../../ui/pieces";
import { compare, toneOf } from "./compare";
import type { Own } from "./own";
import { weighsToday } from "./period";
import { say } from "./texts";
import { addressWith, minutes, number, share, sum } from "./write";

type Answer = components["schemas"]["Kpis"];

export function Kpis({ answer: kpis, range, asked }: Own & { answer: Told<Answer> }) {
  const series = useAnswer(
    () => answer(api.GET("/api/analytics/revenue", { params: { query: { ...range, bucket: asked.by } } })),
    JSON.stringify([range, asked.by]),
  );
  const delivered = useAnswer(
    () => answer(api.GET("/api/analytics/deliveries", { params: { query: range } })),
    JSON.stringify(range),
  );
  const { value: now } = kpis;
  const behind = (more: Record<string, string> = {}) => addressWith("/figures/orders", { ...range, ...more });
  const items = series.value?.items ?? [];
  const before = now?.previous;
  const lost = now && now.cancelled + now.rejected;
  const early = weighsToday(asked);
  const lostBefore = before && before.cancelled + before.rejected;
  return (
    <>
      <Trouble error={kpis.error} />
      <dl class="kpis" aria-busy={kpis.busy}>
        <Tile
          early={early}
          name={say("revenue")}
          href={behind()}
          now={now?.revenue_cents}
          before={before?.revenue_cents}
          write={sum}
        >
          <Spark values={items.map((item) => item.revenue_cents)} />
        </Tile>
        <Tile
          early={early}
          name={say("orders")}
          href={behind()}
          now={now?.orders}
          before={before?.orders}
          write={number}
        >
          <Spark values={items.map((item) => item.orders)} />
        </Tile>
        <Tile
          early={early}
          name={say("average")}
          now={now?.average_order_cents}
          before={before?.average_order_cents}
          write={sum}
        />
        <Tile
          early={early}
          name={say("toDelivery")}
          now={now?.delivery_minutes.p50}
          before={before?.delivery_minutes.p50}
          write={minutes}
          wanted="less"
          words={["longer", "shorter"]}
          note={now && say("toDeliveryNote", { most: minutes(now.delivery_minutes.p95) })}
        />
        <Tile
          early={early}
          name={say("onTime")}
          href={behind({ late: "true" })}
          now={delivered.value?.on_time_share}
          write={share}
          note={
            delivered.value && delivered.value.delivered > 0
              ? say("onTimeNote", { late: delivered.value.late, delivered: delivered.value.delivered })
              : say("nothingDelivered")
          }
        />
        <Tile
          early={early}
          name={say("lost")}
          href={behind({ status: "cancelled" })}
          now={lost}
          before={lostBefore}
          write={number}
          wanted="less"
          note={now && now.orders > 0 ? say("lostNote", { share: share((lost ?? 0) / now.orders) }) : ""}
        />
      </dl>
    </>
  );
}

interface TileProps {
  name: string;
  /** Null and undefined are not known. */
  now: Value | undefined;
  /** Nothing is compared without; there is room for it before it is known. */
  before?: Value | undefined;
  write: (value: number) => string;
  href?: string;
  wanted?: "more" | "less";
  words?: readonly ["more" | "longer", "less" | "shorter"];
  note?: string | null | undefined;
  /** Whether it is too early to call it good or bad. */
  early: boolean;
  children?: ComponentChildren;
}

function Tile(props: TileProps) {
  const { name, now, before, write, href, wanted = "more", words = ["more", "less"], note, early, children } = props;
  const value = now == null ? "–" : write(now);
  const compared = compare(now ?? null, before ?? null);
  const said =
    compared.is === "more" || compared.is === "less"
      ? say(words[compared.is === "more" ? 0 : 1], { share: share(compared.share) })
      : say(compared.is);
  return (
    <div class="kpi card">
      <dt>{href === undefined ? name : <a href={href}>{name}</a>}</dt>
      <dd class="value">{value}</dd>
      {"before" in props && (
        <dd class="change" data-tone={early ? "plain" : toneOf(compared, wanted)}>
          {before !== undefined && said}
          {before != null && <span class="quiet">{say("wasBefore", { value: write(before) })}</span>}
        </dd>
      )}
      {note != null && note !== "" && <dd class="quiet">{note}</dd>}
      {children !== undefined && <dd class="shape">{children}</dd>}
    </div>
  );
}
