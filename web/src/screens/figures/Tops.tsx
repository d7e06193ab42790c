/** What comes first: products, restaurants, categories, drivers. */
import { useState } from "preact/hooks";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { type Answered, useAnswer } from "../../ui/answer";
import { inOneLine, readable } from "../../ui/names";
import { Panel } from "../../ui/Panel";
import { File } from "./File";
import type { Own } from "./own";
import { addressOf, type Range } from "./period";
import { Ranking } from "./Ranking";
import { say } from "./texts";
import { zoneWayOut } from "./wayOut";
import { addressWith, minutes, number, share, sum } from "./write";

const LIMIT = 8;

function useTop<T>(range: Range, ask: () => Promise<T>, more = ""): Answered<T> {
  return useAnswer(ask, JSON.stringify(range) + more);
}

export function TopProducts({ range, asked }: Own) {
  const [by, setBy] = useState<"revenue" | "quantity">("revenue");
  const top = useTop(
    range,
    () => answer(api.GET("/api/analytics/products/top", { params: { query: { ...range, by, limit: LIMIT } } })),
    by,
  );
  return (
    <Panel
      title={say("topProducts")}
      line={say("topProductsLine")}
      size="large"
      answer={top}
      wayOut={zoneWayOut(asked, top.error)}
      corner={
        <div class="corner">
          <select
            aria-label={say("sortBy")}
            value={by}
            onChange={() => setBy(by === "revenue" ? "quantity" : "revenue")}
          >
            <option value="revenue">{say("byRevenue")}</option>
            <option value="quantity">{say("byQuantity")}</option>
          </select>
          <File report="products" what={say("topProducts")} range={{ ...range, by }} />
        </div>
      }
    >
      {({ items }) => (
        <Ranking
          items={items.map((item) => ({
            key: item.product_id,
            name: item.name === null ? say("unnamed") : inOneLine(item.name),
            line: [
              item.category && readable(item.category),
              by === "revenue" ? say("pieces", { count: item.quantity }) : sum(item.revenue_cents),
            ]
              .filter((part) => part !== null)
              .join(" · "),
            size: by === "revenue" ? item.revenue_cents : item.quantity,
            text: by === "revenue" ? sum(item.revenue_cents) : number(item.quantity),
          }))}
        />
      )}
    </Panel>
  );
}

export function TopRestaurants({ range, asked }: Own) {
  const top = useTop(range, () =>
    answer(api.GET("/api/analytics/restaurants/top", { params: { query: { ...range, limit: LIMIT } } })),
  );
  return (
    <Panel
      title={say("topRestaurants")}
      line={say("topRestaurantsLine")}
      size="large"
      answer={top}
      corner={<File report="restaurants" what={say("topRestaurants")} range={range} />}
    >
      {({ items }) => (
        <Ranking
          items={items.map((item) => ({
            key: item.restaurant_id,
            name: item.name,
            href: `/figures${addressOf({ ...asked, restaurant: item.restaurant_id })}`,
            label: say("showFigures", { name: item.name }),
            line: lineOf(item.orders, item.cancelled + item.rejected),
            size: item.revenue_cents,
            text: sum(item.revenue_cents),
          }))}
        />
      )}
    </Panel>
  );
}

function lineOf(count: number, lost: number): string {
  const orders = say("ordersCount", { count });
  return lost === 0 ? orders : say("restaurantLine", { orders, lost });
}

export function TopCategories({ range, asked }: Own) {
  const top = useTop(range, () =>
    answer(api.GET("/api/analytics/categories/top", { params: { query: { ...range, limit: LIMIT } } })),
  );
  return (
    <Panel
      title={say("topCategories")}
      line={say("topCategoriesLine")}
      size="large"
      answer={top}
      wayOut={zoneWayOut(asked, top.error)}
      corner={<File report="categories" what={say("topCategories")} range={range} />}
    >
      {({ items }) => (
        <Ranking
          items={items.map((item) => ({
            key: item.category,
            name: readable(item.category),
            line: `${say("ordersCount", { count: item.orders })} · ${say("pieces", { count: item.quantity })}`,
            size: item.revenue_cents,
            text: sum(item.revenue_cents),
          }))}
        />
      )}
    </Panel>
  );
}

export function TopDrivers({ range, asked }: Own) {
  const top = useTop(range, () =>
    answer(api.GET("/api/analytics/drivers/top", { params: { query: { ...range, limit: LIMIT } } })),
  );
  return (
    <Panel
      title={say("topDrivers")}
      line={say("topDriversLine")}
      size="large"
      answer={top}
      wayOut={zoneWayOut(asked, top.error)}
      corner={<File report="drivers" what={say("topDrivers")} range={range} />}
    >
      {({ items }) => (
        <Ranking
          items={items.map((item) => ({
            key: item.driver_id,
            name: item.name,
            href: addressWith("/figures/orders", { ...range, driver_id: item.driver_id }),
            label: say("showOrders", { name: item.name }),
            line:
              item.on_time_share === null
                ? say("driverLineNone")
                : say("driverLine", {
                    delivered: item.delivered,
                    share: share(item.on_time_share),
                    half: minutes(item.delivery_minutes.p50),
                  }),
            size: item.orders,
            text: say("ordersCount", { count: item.orders }),
          }))}
        />
      )}
    </Panel>
  );
}
