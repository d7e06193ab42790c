import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProblemError, UnreachableError } from "../src/lib/api";
import { COPY_ITEMS, Feed, type Page } from "../src/lib/feed";
import { SimulatedClock, SimulatedCopies, settled } from "./simulated";

interface Order {
  id: string;
  version: number;
  created: number;
  open: boolean;
}

const compare = (a: Order, b: Order) => b.created - a.created;
const order = (n: number, version = 1, open = true): Order => ({ id: `o${n}`, version, created: n, open });

/** The server's list: pages of two, newest first. A page is read when it is asked for and comes when the test says. */
class Server {
  readonly orders = new Map<string, Order>();
  readonly waiting: (() => void)[] = [];
  fault: Error | null = null;
  readonly asked: (string | null)[] = [];

  get list(): Order[] {
    return [...this.orders.values()].filter(({ open }) => open).sort(compare);
  }

  page = (cursor: string | null): Promise<Page<Order>> => {
    this.asked.push(cursor);
    const from = cursor === null ? this.list : this.list.filter((each) => each.created < Number(cursor));
    const [items, fault] = [from.slice(0, 2).map((each) => ({ ...each })), this.fault];
    const next_cursor = from.length > 2 ? String(items[1]?.created) : null;
    return new Promise((resolve, reject) =>
      this.waiting.push(() => (fault === null ? resolve({ items, next_cursor }) : reject(fault))),
    );
  };

  async deliver(): Promise<void> {
    while (this.waiting.length > 0) {
      this.waiting.shift()?.();
      await settled();
    }
  }
}

function setUp(orders: Order[] = []) {
  const [server, clock, copies] = [new Server(), new SimulatedClock(), new SimulatedCopies()];
  for (const each of orders) server.orders.set(each.id, each);
  const belongs = ({ open }: Order) => open;
  const copy = { copies, name: "orders" };
  const feed = new Feed<Order>({ page: server.page, compare, belongs, clock, chance: () => 0.5, copy });
  const shown = () => feed.state.value.items.map(({ id, version }) => `${id}.${version}`);
  return { server, clock, copies, feed, shown };
}

const forbidden = new ProblemError({ status: 403, title: "T", detail: "Not yours.", request_id: "r" });

describe("a list", () => {
  it("is loaded page by page and shows no more than was loaded", async () => {
    const { server, feed, shown } = setUp([1, 2, 3, 4, 5].map((n) => order(n)));
    feed.refresh();
    await server.deliver();
    expect(shown()).toEqual(["o5.1", "o4.1"]);
    feed.take(order(1, 2)); // told of, but further down than what was loaded
    expect(shown()).toEqual(["o5.1", "o4.1"]);
    feed.more();
    await server.deliver();
    expect([shown(), feed.state.value.more]).toEqual([["o5.1", "o4.1", "o3.1", "o2.1"], true]);
    feed.more();
    await server.deliver();
    expect([shown(), feed.state.value.more]).toEqual([["o5.1", "o4.1", "o3.1", "o2.1", "o1.2"], false]);
  });

  it("says why a next page did not come, and is as new as it was", async () => {
    const { server, feed, shown } = setUp([1, 2, 3, 4, 5].map((n) => order(n)));
    feed.refresh();
    await server.deliver();
    const { asOf } = feed.state.value;
    server.fault = new UnreachableError();
    feed.more();
    await server.deliver();
    expect(feed.state.value).toMatchObject({ missed: server.fault, error: null, busy: false, more: true, asOf });
    server.fault = null;
    feed.more();
    expect(feed.state.value.missed).toBeNull();
    await server.deliver();
    expect(shown()).toEqual(["o5.1", "o4.1", "o3.1", "o2.1"]);
  });

  it("puts what is new in its place, at the higher version", () => {
    const { feed, shown } = setUp();
    for (const each of [order(2, 3), order(3), order(2, 1), order(1), order(2, 2)]) feed.take(each);
    expect(shown()).toEqual(["o3.1", "o2.3", "o1.1"]);
  });

  it("lets go of what left, and of what is on the list no more", () => {
    const { feed, shown } = setUp();
    for (const each of [order(1), order(2), order(3)]) feed.take(each);
    feed.left("o1", 2);
    feed.take(order(2, 2, false));
    feed.take(order(1, 1)); // late
    feed.left("o3", 0); // later still
    expect(shown()).toEqual(["o3.1"]);
  });

  it("drops at a refresh what the server has no more, but not what was told of meanwhile", async () => {
    const { server, feed, shown } = setUp([order(1), order(2)]);
    feed.refresh();
    await server.deliver();
    server.orders.delete("o1"); // and nothing of it came
    feed.refresh();
    feed.take(order(3)); // placed after the page was read
    await server.deliver();
    expect(shown()).toEqual(["o3.1", "o2.1"]);
  });

  it("is asked for again until it comes, and says what is wrong until then", async () => {
    const { server, clock, feed, shown } = setUp([order(1)]);
    server.fault = new TypeError("Failed to fetch");
    feed.refresh();
    await server.deliver();
    expect(feed.state.value).toMatchObject({ busy: true, error: server.fault, asOf: null });
    server.fault = null;
    await clock.run(1_000);
    await server.deliver();
    expect(shown()).toEqual(["o1.1"]);
    expect(feed.state.value).toMatchObject({ busy: false, error: null, asOf: clock.now() });
  });

  it("is not asked for again when the answer is no", async () => {
    const { server, clock, feed } = setUp();
    server.fault = forbidden;
    feed.refresh();
    await server.deliver();
    await clock.run(120_000);
    expect(server.waiting).toEqual([]);
    expect(feed.state.value).toMatchObject({ busy: false, error: forbidden });
  });

  it("waits as long as the server asks it to, and goes on where it was", async () => {
    const { server, clock, feed, shown } = setUp([1, 2, 3, 4, 5].map((n) => order(n)));
    feed.refresh();
    await server.deliver();
    feed.more();
    await server.deliver();
    server.asked.length = 0;
    feed.refresh();
    server.waiting.shift()?.();
    server.fault = new ProblemError({ status: 429, title: "T", detail: "D", request_id: "r", retry_after_s: 30 });
    await settled(); // the second page is asked for, and refused
    await server.deliver();
    server.fault = null;
    await clock.run(29_000);
    expect(server.asked).toEqual([null, "4"]);
    await clock.run(3_000);
    expect(server.asked).toEqual([null, "4", "4"]);
    await server.deliver();
    expect([shown(), feed.state.value.error]).toEqual([["o5.1", "o4.1", "o3.1", "o2.1"], null]);
  });

  it("that was stopped asks for nothing and takes nothing that was under way", async () => {
    const { server, clock, feed, shown } = setUp([order(1)]);
    feed.refresh();
    feed.stop();
    await server.deliver();
    await clock.run(120_000);
    expect([shown(), server.waiting.length]).toEqual([[], 0]);
  });
});

describe("a copy", () => {
  it("is kept as soon as all was loaded, for the network may be gone in a moment", async () => {
    const { server, clock, copies, feed } = setUp([order(1)]);
    feed.start();
    await server.deliver();
    await clock.run(0);
    expect(copies.kept.get("orders")?.value).toEqual([order(1)]);
  });

  it("is shown until the server has answered, and says of when it is", async () => {
    const { server, clock, copies, feed, shown } = setUp([order(3)]);
    copies.put("orders", [order(2), order(1)], 5);
    feed.start();
    await settled();
    expect([shown(), feed.state.value.asOf]).toEqual([["o2.1", "o1.1"], 5]);
    feed.take(order(1, 2)); // told meanwhile
    await server.deliver();
    expect([shown(), feed.state.value.asOf]).toEqual([["o3.1", "o1.2"], clock.now()]);
  });

  it("never takes the place of an answer", async () => {
    const { server, copies, feed, shown } = setUp([order(3)]);
    copies.put("orders", [order(2)], 5);
    copies.slow = true;
    feed.start();
    await server.deliver();
    copies.slow = false;
    await settled();
    expect(shown()).toEqual(["o3.1"]);
  });

  it("is made soon after each change, of what is shown, as of when it was true", async () => {
    const { server, clock, copies, feed } = setUp([order(1)]);
    feed.start();
    feed.take(order(2)); // nothing is known yet: no copy of a part
    await clock.run(60_000);
    expect(copies.kept.size).toBe(0);
    await server.deliver();
    const loaded = clock.now();
    await clock.run(60_000);
    expect(copies.kept.get("orders")).toMatchObject({ value: [order(2), order(1)], at: loaded });
    feed.isCurrent();
    await clock.run(60_000);
    expect(copies.kept.get("orders")?.at).toBe(loaded + 60_000);
    for (let n = 10; n < 10 + COPY_ITEMS; n++) feed.take(order(n));
    await clock.run(60_000);
    expect(copies.kept.get("orders")?.value).toHaveLength(COPY_ITEMS);
  });

  it("is not called current while a refresh is under way", async () => {
    const { server, clock, feed } = setUp([order(1)]);
    feed.isCurrent();
    expect(feed.state.value.asOf).toBeNull();
    feed.start();
    await server.deliver();
    const loaded = clock.now();
    await clock.run(10_000);
    feed.refresh();
    feed.isCurrent();
    expect(feed.state.value.asOf).toBe(loaded);
  });
});

/** What may happen, in any order: the server's orders change, events wait, come, come
 * twice, or are lost. What is lost is lost with all before it: a position has passed them, and they never come late. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("change" as const), n: fc.nat(7), open: fc.boolean(), sight: fc.boolean() }),
    fc.record({ do: fc.constant("tell" as const), which: fc.nat(), twice: fc.boolean() }),
    fc.record({ do: fc.constantFrom("refresh" as const, "more" as const, "deliver" as const) }),
    fc.record({ do: fc.constant("lose" as const), which: fc.nat() }),
  ),
  { maxLength: 60 },
);

it("whatever is lost, repeated or reordered, a refresh makes it the beginning of the server's list", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const { server, feed } = setUp();
      const versions = new Map<string, number>();
      const events: { order: Order; left: boolean }[] = [];
      const tell = ({ order, left }: { order: Order; left: boolean }) =>
        left ? feed.left(order.id, order.version) : feed.take(order);
      for (const step of script) {
        if (step.do === "change") {
          const version = (versions.get(`o${step.n}`) ?? 0) + 1;
          const changed = order(step.n, version, step.open);
          versions.set(changed.id, version);
          if (step.sight) server.orders.set(changed.id, changed);
          else server.orders.delete(changed.id);
          events.push({ order: changed, left: !step.sight });
        } else if (step.do === "tell" && events.length > 0) {
          const at = step.which % events.length;
          tell(events[at] as (typeof events)[number]);
          if (!step.twice) events.splice(at, 1);
        } else if (step.do === "lose") events.splice(0, 1 + (step.which % 4));
        else if (step.do === "deliver") await server.deliver();
        else if (step.do === "refresh") feed.refresh();
        else if (step.do === "more") feed.more();
      }
      feed.refresh(); // as a socket asks for when something may have been lost
      await server.deliver();
      for (const event of events.reverse()) tell(event); // what is old comes last of all
      const { items, more } = feed.state.value;
      expect(items).toEqual(server.list.slice(0, items.length));
      expect(more).toBe(items.length < server.list.length);
    }),
    { numRuns: 500 },
  );
});
