import { describe, expect, test } from "vitest";
import type { Action } from "../src/lib/action";
import type { Entry } from "../src/orders";
import { foreseen, roundOf } from "../src/screens/deliveries/round";

const ME = "driver";

function entry(id: string, more: Partial<Entry> = {}): Entry {
  const place = { address: "Quay 1", location: { lat: 1, lon: 2 }, zone: 1 };
  const made = { number: 1, restaurant_id: "r", restaurant_name: "Kitchen", lines: 1, total_cents: 1, shortages: [] };
  const at = { created_at: `2026-11-27T10:00:0${id}Z`, updated_at: "2026-11-27T10:00:00Z" };
  const mine = { driver_id: ME, driver_name: "Me", reason: null, stop: 1 };
  return { id, version: 5, status: "out_for_delivery", ...place, ...made, ...at, ...mine, ...more };
}

function moved(order: string, to: string, expected_version: number, refused = false): Action {
  const refusal = refused ? { status: 409, title: "", detail: "", request_id: "" } : null;
  const sent = { method: "POST" as const, path: "", body: { to, expected_version } };
  return { kind: "move", about: { order, number: 1, to }, seq: 1, key: "k", person: ME, at: 0, refusal, ...sent };
}

const ids = (entries: readonly Entry[]) => entries.map(({ id }) => id).join("");

describe("a driver's round", () => {
  test("goes by stops, with what waits to be loaded and what nobody has beside it", () => {
    const orders = [
      entry("1", { stop: 3 }),
      entry("2", { stop: 1 }),
      entry("3", { status: "ready", stop: 4 }),
      entry("4", { status: "failed" }),
      entry("5", { status: "delivered" }),
    ];
    const offers = [entry("6", { status: "ready", driver_id: null, stop: null })];
    const round = roundOf(orders, offers, [], ME);
    expect([round.stops, round.loads, round.offers, round.unsent].map(ids)).toEqual(["21", "3", "6", ""]);
  });

  test("has an order once, as its higher version says", () => {
    const offer = entry("1", { status: "ready", driver_id: null, stop: null, version: 4 });
    const claimed = entry("1", { version: 5 });
    for (const [orders, offers] of [
      [[claimed], [offer]],
      [[], [offer, claimed]],
    ] as const) {
      const round = roundOf(orders, offers, [], ME);
      expect([ids(round.stops), ids(round.offers)]).toEqual(["1", ""]);
    }
  });

  test("goes on to the next stop while what was done waits for a network", () => {
    const orders = [entry("1", { stop: 1 }), entry("2", { stop: 2 })];
    const round = roundOf(orders, [], [moved("1", "delivered", 5)], ME);
    expect([ids(round.stops), ids(round.unsent)]).toEqual(["2", "1"]);
    const back = roundOf(orders, [], [moved("1", "delivered", 5, true)], ME);
    expect([ids(back.stops), ids(back.unsent)]).toEqual(["12", ""]);
  });

  test("has a claimed offer last until it has a stop", () => {
    const offer = entry("1", { status: "ready", driver_id: null, stop: null });
    const round = roundOf([entry("2", { stop: 9 })], [offer], [moved("1", "out_for_delivery", 5)], ME);
    expect([ids(round.stops), ids(round.offers)]).toEqual(["21", ""]);
  });
});

describe("what is foreseen of an order", () => {
  test("is every step that waits, each on the version that the one before it makes", () => {
    const order = entry("1", { status: "ready", version: 5 });
    const actions = [moved("1", "out_for_delivery", 5), moved("1", "delivered", 6), moved("2", "failed", 5)];
    expect(foreseen(order, actions, ME)).toMatchObject({ status: "delivered", version: 7 });
  });

  test("is nothing that was done already, whichever of answer and event came first", () => {
    const order = entry("1", { version: 6 });
    expect(foreseen(order, [moved("1", "out_for_delivery", 5)], ME)).toBe(order);
  });
});
