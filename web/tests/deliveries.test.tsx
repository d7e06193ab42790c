// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { outbox, session } from "../src/app";
import { move } from "../src/deeds";
import type { Person } from "../src/lib/session";
import type { Entry } from "../src/orders";
import Deliveries from "../src/screens/deliveries/Deliveries";
import Done from "../src/screens/done/Done";
import RouteMap from "../src/screens/map/Map";
import { drawn, named, press, problem, serve, show, submit } from "./page";

const DORA: Person = { id: "dora", name: "Dora", role: "driver", restaurant_id: null, zone: 3 };

function entry(number: number, more: Partial<Entry> = {}): Entry {
  const place = { address: "Quay 1", location: { lat: 39.1, lon: -84.5 + number / 1000 }, zone: 3 };
  const made = { restaurant_id: "r", restaurant_name: `Kitchen ${number}`, lines: 2, total_cents: 1, shortages: [] };
  const at = { created_at: `2026-11-27T10:00:0${number}Z`, updated_at: "2026-11-27T10:00:00Z" };
  const mine = { driver_id: "dora", driver_name: "Dora", reason: null, stop: number };
  return {
    id: `o${number}`,
    number,
    version: 5,
    status: "out_for_delivery",
    ...place,
    ...made,
    ...at,
    ...mine,
    ...more,
  };
}

interface Day {
  orders?: Entry[];
  offers?: Entry[];
  onDuty?: boolean;
}

const sent: { path: string; body: unknown }[] = [];

/** Signed in as the driver, with these orders; what is sent is in `sent`, and done. */
async function begin({ orders = [], offers = [], onDuty = true }: Day): Promise<void> {
  const moves = [...orders, ...offers].map((order) => [
    `POST /api/orders/${order.id}/transitions`,
    (body: unknown) => {
      sent.push({ path: order.id, body });
      const { to } = body as { to: Entry["status"] };
      const { lines: _, ...rest } = order;
      return Response.json({
        ...rest,
        items: [],
        note: null,
        status: to,
        version: order.version + 1,
        driver_id: "dora",
      });
    },
  ]);
  serve({
    "POST /api/accounts/sessions": () => Response.json({ access_token: "t", expires_in: 900, person: DORA }),
    "GET /api/orders/duty": () => Response.json({ driver_id: "dora", on_duty: onDuty }),
    "PUT /api/orders/duty": (body) => {
      sent.push({ path: "duty", body });
      return Response.json({ driver_id: "dora", ...(body as object) });
    },
    "GET /api/orders": (_, query) => {
      const items = query.get("offers") === "true" ? offers : orders;
      return Response.json({ items, next_cursor: null });
    },
    ...Object.fromEntries(moves),
  });
  await session.signIn("dora@larder.test", "larder");
}

const text = () => document.body.textContent ?? "";
const about = (place: number) => document.querySelectorAll(".stop")[place]?.textContent ?? "";

/** The screen as it is once everything was read. */
async function opened(day: Day, screen = <Deliveries />): Promise<void> {
  await begin(day);
  await show(screen);
  await drawn();
}

beforeEach(() => {
  sent.length = 0;
  serve({});
  localStorage.clear();
});
afterEach(async () => {
  await show(null);
  for (const { key } of outbox.actions.value) await outbox.remove(key);
  await session.ended();
});

describe("a driver's deliveries", () => {
  it("begin with the next stop, which has the one filled button", async () => {
    const offers = [entry(4, { status: "ready", driver_id: null, driver_name: null, stop: null })];
    await opened({ orders: [entry(2), entry(1), entry(3, { status: "ready" })], offers });
    expect(text()).toContain("2 stops to go · 1 to load");
    expect([0, 1, 2, 3].map((place) => /Kitchen \d/.exec(about(place))?.[0])).toEqual(
      [1, 2, 3, 4].map((number) => `Kitchen ${number}`),
    );
    expect([...document.querySelectorAll(".go")].map((button) => button.getAttribute("aria-label"))).toEqual([
      "Hand over: Kitchen 1, No. 1",
    ]);
  });

  it("say what to expect when there is nothing", async () => {
    await opened({});
    expect(text()).toContain("What comes appears here by itself.");
  });

  it("are set out with all at once", async () => {
    await opened({ orders: [entry(1, { status: "ready" }), entry(2, { status: "ready" })] });
    await press("Set out with all 2");
    const to = "out_for_delivery";
    expect(sent).toEqual([1, 2].map((number) => ({ path: `o${number}`, body: { to, expected_version: 5 } })));
    expect(text()).toContain("2 stops to go");
  });

  it("are handed over without a proof where there can be none", async () => {
    await opened({ orders: [entry(1)] });
    await press("Hand over: Kitchen 1, No. 1");
    await press("Without proof");
    expect(sent).toEqual([{ path: "o1", body: { to: "delivered", expected_version: 5 } }]);
    expect(document.querySelector("dialog")).toBeNull();
    expect(text()).toContain("Nothing on the way");
  });

  it("ask for a name and a signature before there is a proof, and lose nothing", async () => {
    await opened({ orders: [entry(1)] });
    await press("Hand over: Kitchen 1, No. 1");
    await submit({ name: " " });
    expect(text()).toContain("Write down who takes it.");
    await submit({ name: "Ana" });
    expect(text()).toContain("Sign in the field, or take a photo.");
    expect(sent).toEqual([]);
    expect(document.querySelector<HTMLInputElement>("dialog [name=name]")?.value).toBe("Ana");
  });

  it("are reported with a reason, chosen or in words", async () => {
    await opened({ orders: [entry(1)] });
    await press("Problem: Kitchen 1, No. 1");
    await submit({ words: "" });
    expect(text()).toContain("Choose what happened.");
    const choose = async (reason: number) => {
      document.querySelectorAll<HTMLInputElement>(".reasons input")[reason]?.click();
      await drawn();
    };
    await choose(5);
    await submit({ words: "" });
    expect(text()).toContain("Say in a few words what happened.");
    await choose(1);
    await submit({ words: "back on Monday" });
    expect(sent).toEqual([
      { path: "o1", body: { to: "failed", expected_version: 5, reason: "The kitchen is closed: back on Monday" } },
    ]);
  });

  it("count what the server has not answered yet as done", async () => {
    await opened({ orders: [entry(1), entry(2)] });
    serve({});
    await press("Hand over: Kitchen 1, No. 1");
    await press("Without proof");
    expect(about(0)).toContain("Kitchen 2");
    expect(document.querySelector(".unsent")?.textContent).toBe("Kitchen 1Handed over");
  });

  it("end a question with its stop, and do not ask it again by themselves", async () => {
    await opened({ orders: [entry(1)] });
    await press("Problem: Kitchen 1, No. 1");
    expect(document.querySelector("dialog")).not.toBeNull();
    await outbox.add(move(entry(1), "delivered")); // in another tab, say
    await drawn();
    expect(document.querySelector("dialog")).toBeNull();
  });

  it("come back when the server will not have it", async () => {
    await opened({ orders: [entry(1)] });
    serve({ "POST /api/orders/o1/transitions": () => problem(409, { code: "version" }) });
    await press("Hand over: Kitchen 1, No. 1");
    await press("Without proof");
    expect(about(0)).toContain("Kitchen 1");
    expect(outbox.actions.value[0]?.refusal?.status).toBe(409);
    expect(document.querySelector("dialog")).toBeNull();
  });
});

describe("duty", () => {
  const offers = [entry(1, { status: "ready", driver_id: null, driver_name: null, stop: null })];

  it("ends and begins by a switch, and off duty nothing is taken", async () => {
    await opened({ offers });
    expect((named("Take it: Kitchen 1, No. 1") as HTMLButtonElement).disabled).toBe(false);
    await press("On duty");
    expect(sent).toEqual([{ path: "duty", body: { on_duty: false } }]);
    expect(named("On duty").getAttribute("aria-checked")).toBe("false");
    expect((named("Take it: Kitchen 1, No. 1") as HTMLButtonElement).disabled).toBe(true);
    await press("On duty");
    expect(named("On duty").getAttribute("aria-checked")).toBe("true");
  });
});

describe("a driver's other screens", () => {
  it("show the stops on a sketch, and the same as a list", async () => {
    await opened({ orders: [entry(1), entry(2)] }, <RouteMap />);
    expect([...document.querySelectorAll(".mark .name")].map(({ textContent }) => textContent)).toEqual([
      "Kitchen 1",
      "Kitchen 2",
    ]);
    expect([...document.querySelectorAll(".route li a")].map((link) => link.getAttribute("href"))).toEqual([
      "/orders/o1",
      "/orders/o2",
    ]);
  });

  it("list what is done, and nothing that is not", async () => {
    const failed = entry(3, { status: "failed", reason: "Nobody is there" });
    await opened({ orders: [entry(1), entry(2, { status: "delivered" }), failed] }, <Done />);
    expect(text()).toContain("The newest 2");
    expect(text()).not.toContain("Kitchen 1");
    expect(text()).toContain("Nobody is there");
  });
});
