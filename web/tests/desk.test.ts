import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, Status } from "../src/orders";
import { COLUMNS, columnsOf, neighbour, successor } from "../src/screens/desk/columns";
import { commandOf, KEYS } from "../src/screens/desk/keys";
import { ACTS, actsFor, may, nextOf, targetOf } from "../src/screens/desk/steps";

const STATES: Status[] = [...COLUMNS, "delivered", "rejected", "cancelled"];

function order(id: string, status: Status, driver_id: string | null = null): Entry {
  return { id, status, driver_id } as Entry;
}

describe("what an admin may do", () => {
  it("is by the state of the order", () => {
    const acts = Object.fromEntries(
      STATES.map((status) => [status, ACTS.filter((act) => may(act, order("1", status)))]),
    );
    expect(acts).toEqual({
      pending: ["reject"],
      confirmed: ["prepare", "cancel"],
      preparing: ["ready", "cancel"],
      ready: ["assign", "cancel"],
      out_for_delivery: [],
      failed: ["offer", "cancel"],
      delivered: [],
      rejected: [],
      cancelled: [],
    });
  });

  it("takes an order only from a driver who has it", () => {
    expect(may("unassign", order("1", "ready", "dana"))).toBe(true);
    expect(may("unassign", order("1", "ready"))).toBe(false);
    expect(may("unassign", order("1", "out_for_delivery", "dana"))).toBe(false);
  });

  it("goes one step onward, and nowhere while somebody else is to act", () => {
    const onward = STATES.map((status) => nextOf(order("1", status)));
    expect(onward.slice(0, COLUMNS.length)).toEqual([undefined, "prepare", "ready", "assign", undefined, "offer"]);
    expect(nextOf(order("1", "ready", "dana"))).toBeUndefined();
    expect(["prepare", "ready", "offer"].map((act) => targetOf(act as "ready"))).toEqual([
      "preparing",
      "ready",
      "ready",
    ]);
  });

  it("is told for many at once, each with the orders that it is for", () => {
    const orders = [order("1", "confirmed"), order("2", "preparing"), order("3", "confirmed")];
    expect(actsFor(orders).map(([act, those]) => [act, those.map(({ id }) => id)])).toEqual([
      ["prepare", ["1", "3"]],
      ["ready", ["2"]],
      ["cancel", ["1", "2", "3"]],
    ]);
    expect(actsFor([order("1", "delivered")])).toEqual([]);
  });
});

describe("the board", () => {
  it("has each order under way in the column of its state, the oldest first", () => {
    const columns = columnsOf([order("new", "ready"), order("gone", "delivered"), order("old", "ready")]);
    expect(columns.ready.map(({ id }) => id)).toEqual(["old", "new"]);
    expect(Object.values(columns).flat()).toHaveLength(2);
  });

  it("is walked by arrow keys, over empty columns and not beyond its edges", () => {
    const grid = [["a", "b", "c"], [], ["d"]];
    const walk = (from: string, ...keys: Parameters<typeof neighbour>[2][]) =>
      keys.reduce<string | null>((at, key) => neighbour(grid, at, key), from);
    expect(walk("a", "down")).toBe("b");
    expect(walk("a", "up")).toBe("a");
    expect(walk("c", "down")).toBe("c");
    expect(walk("c", "right")).toBe("d");
    expect(walk("d", "right")).toBe("d");
    expect(walk("d", "left")).toBe("a");
    expect(walk("b", "last", "first")).toBe("a");
    expect(walk("gone", "down")).toBe("a");
    expect(neighbour([[], []], null, "first")).toBeNull();
  });

  it("keeps the place of an order that went on, and gives that of one that left to the next", () => {
    const before = [["a", "b", "c"], ["d"]];
    expect(
      successor(
        before,
        [
          ["a", "c"],
          ["d", "b"],
        ],
        "b",
      ),
    ).toBe("b");
    expect(successor(before, [["a", "c"], ["d"]], "b")).toBe("c");
    expect(successor(before, [["a", "b"], ["d"]], "c")).toBe("b");
    expect(successor(before, [[], ["d"]], "a")).toBe("d");
    expect(successor(before, [[], []], "a")).toBeNull();
  });

  it("never leads anywhere that is not on it", () => {
    const grids = fc.array(fc.uniqueArray(fc.string({ minLength: 2, maxLength: 4 })), { maxLength: 6 });
    const directions = fc.constantFrom("up", "down", "left", "right", "first", "last");
    fc.assert(
      fc.property(grids, grids, directions, fc.nat(), (before, now, direction, seed) => {
        const all = before.flat();
        const at = all.length === 0 ? null : (all[seed % all.length] ?? null);
        const next = neighbour(before, at, direction as "up");
        expect(next === null ? all.length === 0 : all.includes(next)).toBe(true);
        const there = successor(before, now, at ?? "nobody");
        expect(there === null ? now.flat().length === 0 : now.flat().includes(there)).toBe(true);
      }),
    );
  });
});

describe("the keys of the board", () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}, onLink = true) =>
    commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...more }, onLink);

  it("are what the help says", () => {
    expect(
      KEYS.flatMap(({ does }) => Object.keys(does)).filter((key) => !key.startsWith("Ctrl ") && press(key) === null),
    ).toEqual([]);
    expect([press("n"), press("N"), press("?")]).toEqual(["next", "next", "help"]);
    expect([press("a", { ctrlKey: true }), press("a", { metaKey: true }), press("a")]).toEqual([
      "column",
      "column",
      null,
    ]);
  });

  it("leave the browser its own", () => {
    expect(press("n", { ctrlKey: true })).toBeNull();
    expect(press("d", { altKey: true })).toBeNull();
    expect([press("Enter"), press("Tab"), press("q")]).toEqual([null, null, null]);
    expect([press(" "), press(" ", {}, false)]).toEqual(["select", null]);
  });
});
