// @vitest-environment happy-dom
/** The pages about the database and the alerts, on what a server might say at three in the morning. */
import type { ComponentType } from "preact";
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alerts } from "../src/alerts";
import Alerts from "../src/screens/alerts/Alerts";
import Pools from "../src/screens/database/Pools";
import Queries from "../src/screens/database/Queries";
import Slow from "../src/screens/database/Slow";
import { AlertsBadge } from "../src/shell/AlertsBadge";
import { drawn, problem, serve, show } from "./page";

const AT = "2026-11-27T03:00:00Z";
const none = { executed: null, waited: null };

async function open(Page: ComponentType, address: string): Promise<HTMLElement> {
  history.replaceState(null, "", address);
  const page = await show(
    <LocationProvider>
      <Page />
    </LocationProvider>,
  );
  await drawn();
  return page;
}

beforeEach(() => alerts.set(null));
afterEach(() => show(null));

describe("queries", () => {
  it("are by name, with the file, and what takes longer than before stands out", async () => {
    const executed = { calls: 7, mean_ms: 12.5, total_ms: 87.5, share: 0.25 };
    const blocks = { rows_a_call: 1, blocks_hit_a_call: 3, blocks_read_a_call: 1, blocks_temp_a_call: 0 };
    const query = { name: "orders.get_order", place: "services/orders/queries.sql:12", text: null, roles: [] };
    const costs = { now: { executed: { ...executed, ...blocks }, waited: null }, before: none, day_before: none };
    const items = [{ ...query, ...costs, change: 2.5, change_of_day: null }];
    const asked = serve({
      "GET /api/performance/queries": () => Response.json({ as_of: AT, from: AT, to: AT, missing: [], items }),
    });
    const page = await open(Queries, `/database/queries?at=${AT}&hours=24`);
    expect(asked).toEqual([
      `GET /api/performance/queries?from=2026-11-26T03%3A00%3A00.000Z&to=${encodeURIComponent(AT)}`,
    ]);
    expect(page.querySelector("tbody th")?.textContent).toBe("orders.get_orderservices/orders/queries.sql:12");
    expect(page.querySelector('tbody .pill[data-tone="bad"]')?.textContent).toBe("×2.5");
    expect(page.textContent).toContain("As it was at");
  });

  it("that are slow come with every plan that was seen, and what reads a whole table", async () => {
    const plan = { role: "orders_service", first_seen: AT, last_seen: AT };
    const scan = [{ Plan: { "Node Type": "Seq Scan", "Relation Name": "orders", "Plan Rows": 90000 } }];
    const seek = [{ Plan: { "Node Type": "Index Scan", "Relation Name": "orders", "Index Name": "orders_pkey" } }];
    const query = { name: "orders.find", place: "services/orders/queries.sql:40", text: null, roles: [], now: none };
    const slow = { ...query, times: 3, longest_ms: 412, last_at: AT, plan_missing: null };
    const items = [
      {
        ...slow,
        plans: [
          { ...plan, plan: scan },
          { ...plan, first_seen: "2026-11-26T03:00:00Z", plan: seek },
        ],
      },
    ];
    serve({ "GET /api/performance/slow-queries": () => Response.json({ as_of: AT, missing: [], items }) });
    const page = await open(Slow, "/database/slow");
    expect(page.textContent).toContain("services/orders/queries.sql:40");
    expect(page.textContent).toContain("3 times · longest 412 ms");
    expect(page.textContent).toContain("There is more than one plan");
    expect(page.querySelectorAll(".plan")).toHaveLength(2);
    expect(page.querySelector(".plan .pill")?.textContent).toBe("reads all of it");
  });
});

describe("what is not told", () => {
  it("is said above what is, with what to do, and a pooler that nobody wants in its own place alone", async () => {
    const missing = [
      { what: "outboxes", why: "No relay tells.", mend: "Look: `just status`." },
      { what: "pooler", why: "None is configured.", mend: "Set it." },
    ];
    const silent = [{ process: "relay", instance: null, answered_at: null }];
    serve({
      "GET /api/performance/pools": () => Response.json({ as_of: AT, missing, silent, pools: [], pooler: null }),
    });
    const page = await open(Pools, "/database/pools");
    const notes = [...page.querySelectorAll(".untold li")].map((note) => note.textContent);
    expect(notes).toEqual([
      "No relay answers. Look with just status. What it tells is missing below.",
      "outboxes is not told. No relay tells. Look: just status.",
    ]);
    expect(page.textContent).toContain("None is configured. Set it.");
  });

  it("is a moment of which nothing is kept, in the server's words", async () => {
    serve({ "GET /api/performance/pools": () => problem(404, { detail: "No snapshot of then is kept." }) });
    const page = await open(Pools, "/database/pools?at=2001-01-01T00:00:00Z");
    expect(page.querySelector('[role="alert"]')?.textContent).not.toBe("");
    expect(page.querySelector("table")).toBeNull();
  });
});

describe("alerts", () => {
  const alert = {
    id: "1",
    name: "OutboxLagging",
    severity: "page" as const,
    labels: { context: "orders" },
    summary: "Events of orders wait.",
    action: "Look at NATS first: `just status`.",
    runbook: "docs/runbooks/outbox.md#lag",
    value: 7,
    since: AT,
  };
  const frame = { type: "alert" as const, topic: "alerts", judged: true, at: AT, firing: [alert] };
  const badge = () =>
    show(
      <LocationProvider>
        <AlertsBadge />
      </LocationProvider>,
    );

  it("are counted on every screen, the urgent ones louder, and it is said when nobody knows", async () => {
    const page = await badge();
    expect(page.querySelector(".count")).toBeNull();
    alerts.set(frame);
    await drawn();
    expect(page.querySelector('[role="status"]')?.textContent).toBe("1 alert");
    expect(page.querySelector(".count")?.getAttribute("data-tone")).toBe("bad");
    alerts.set({ ...frame, firing: [{ ...alert, severity: "ticket" }] });
    await drawn();
    expect(page.querySelector(".count")?.getAttribute("data-tone")).toBe("warm");
    alerts.set({ ...frame, judged: false, firing: [] });
    await drawn();
    expect(page.querySelector(".count")?.textContent).toBe("?");
  });

  it("say what to do, and an empty list is no good news while nobody judges", async () => {
    serve({
      "GET /api/performance/alerts": () => Response.json({ as_of: AT, firing: [], items: [], next_cursor: null }),
    });
    const page = await open(Alerts, "/database/alerts");
    expect(page.textContent).toContain("not known yet");
    alerts.set(frame);
    await drawn();
    expect(page.querySelector(".alert")?.textContent).toContain("Look at NATS first: just status.");
    expect(page.querySelector(".alert code")?.textContent).toBe("just status");
    alerts.set({ ...frame, firing: [] });
    await drawn();
    expect(page.textContent).toContain("Nothing fires.");
    alerts.set({ ...frame, judged: false, firing: [] });
    await drawn();
    expect(page.textContent).not.toContain("Nothing fires.");
    expect(page.textContent).toContain("Nobody judges the alerts right now");
  });
});
