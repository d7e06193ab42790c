import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProblemError } from "../src/lib/api";
import { Feed } from "../src/lib/feed";
import {
  type ClientFrame,
  type Listener,
  Live,
  type Position,
  RENEW_MS,
  type ServerFrame,
  type Socket,
} from "../src/lib/live";
import { chanceOf, SimulatedClock, settled } from "./simulated";

interface Order {
  id: string;
  version: number;
}

/** One connection, as both ends have it. */
class Line implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  readonly heard: ClientFrame[] = [];
  topics = new Set<string>();
  open = true;
  #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.heard.push(frame);
    this.#gateway.hear(this, frame);
  }

  close(): void {
    this.open = false;
  }

  tell(frame: object): void {
    if (this.open) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  end(code: number): void {
    this.open = false;
    this.onclose?.({ code });
  }
}

/** The gateway and the orders behind it: a log with a memory of a few events, and a database that may be ahead. */
class Gateway {
  epoch = "e1";
  seq = 0;
  readonly log: { seq: number; topic: string; event: string; order: object }[] = [];
  forgets = Number.POSITIVE_INFINITY; // how many events it can replay
  readonly orders = new Map<string, Order>();
  readonly lines: Line[] = [];
  readonly refused = new Set<string>();
  ticketError: Error | null = null;
  tickets = 0;
  renewed = 0;

  get line(): Line {
    return this.lines.at(-1) as Line;
  }

  open = (): Line => {
    const line = new Line(this);
    this.lines.push(line);
    return line;
  };

  ticket = async (): Promise<string> => {
    if (this.ticketError !== null) throw this.ticketError;
    return `ticket-${++this.tickets}`;
  };

  hear(line: Line, frame: ClientFrame): void {
    if (frame.type === "hello") line.tell({ type: "welcome", epoch: this.epoch, seq: this.seq, heartbeat_s: 30 });
    if (frame.type === "unsubscribe") {
      line.topics.delete(frame.topic);
      line.tell({ type: "unsubscribed", topic: frame.topic });
    }
    if (frame.type !== "subscribe") return;
    if (this.refused.has(frame.topic)) {
      line.end(4403);
      return;
    }
    line.topics.add(frame.topic);
    const { topic, after } = frame;
    const known = after?.epoch === this.epoch && after.seq <= this.seq && after.seq >= this.seq - this.forgets;
    if (after == null || !known) {
      line.tell({ type: "subscribed", topic, seq: this.seq });
      if (after != null) line.tell({ type: "resync", topic, seq: this.seq, epoch: this.epoch });
      return;
    }
    line.tell({ type: "subscribed", topic, seq: after.seq });
    for (const each of this.log)
      if (each.seq > after.seq && each.topic === topic)
        line.tell({ type: "event", ...each, occurred_at: "2026-11-27T10:00:00Z" });
  }

  /** An order's next version: stored, and told to who listens. */
  change(id: string, sight = true, topic = "orders"): void {
    const version =
      Math.max(
        0,
        ...this.log.filter(({ order }) => (order as Order).id === id).map(({ order }) => (order as Order).version),
      ) + 1;
    const order = sight ? { id, version } : { id, version, status: null };
    if (sight) this.orders.set(id, { id, version });
    else this.orders.delete(id);
    const event = { seq: ++this.seq, topic, event: sight ? "OrderConfirmed" : "OrderLeft", order };
    this.log.push(event);
    for (const line of this.lines) {
      if (line.topics.has(topic)) line.tell({ type: "event", ...event, occurred_at: "2026-11-27T10:00:00Z" });
    }
  }

  /** The stream was lost and made anew: the same orders, other numbers. */
  rebuild(): void {
    this.epoch = `${this.epoch}+`;
    this.seq = this.log.length;
    for (const [index, each] of this.log.entries()) each.seq = index + 1;
  }
}

function setUp() {
  const [gateway, clock] = [new Gateway(), new SimulatedClock()];
  const place = { online: true, visible: true, changed: () => {} };
  const surroundings = {
    online: () => place.online,
    visible: () => place.visible,
    watch: (changed: () => void) => {
      place.changed = changed;
      return () => {
        place.changed = () => {};
      };
    },
  };
  const renewedTicket = async () => {
    gateway.renewed += 1;
    return gateway.ticket();
  };
  const told: string[] = [];
  const live = new Live({
    open: gateway.open,
    ticket: gateway.ticket,
    renewedTicket,
    clock,
    chance: chanceOf(3),
    surroundings,
    position: (position) => told.push(`read ${position}`),
  });
  const listener: Listener = {
    event: (frame) => told.push(`${(frame.order as Order).id}.${(frame.order as Order).version}`),
    fetch: () => told.push("fetch"),
    left: () => told.push("left"),
    alert: (frame) => told.push(`alert ${frame.firing.length}`),
    location: (frame) => told.push(`at ${frame.lat}`),
  };
  async function come(): Promise<Line> {
    await settled();
    gateway.line.onopen?.();
    await settled();
    return gateway.line;
  }
  const set = (online: boolean, visible = true) => {
    [place.online, place.visible] = [online, visible];
    place.changed();
  };
  const positions = (line: Line): (Position | null | undefined)[] =>
    line.heard.flatMap((frame) => (frame.type === "subscribe" ? [frame.after] : []));
  return { gateway, clock, live, told, listener, come, set, positions };
}

describe("a socket", () => {
  it("says hello, subscribes, has the list fetched and then tells what happens", async () => {
    const { gateway, live, told, listener, come } = setUp();
    live.listen("orders", listener);
    expect(live.status.value).toEqual({ is: "off" });
    live.start();
    expect(live.status.value).toEqual({ is: "connecting" });
    const line = await come();
    expect(line.heard).toEqual([
      { type: "hello", ticket: "ticket-1" },
      { type: "subscribe", topic: "orders" },
    ]);
    expect(live.status.value).toEqual({ is: "live" });
    gateway.change("a");
    expect(told).toEqual(["fetch", "a.1"]);
  });

  it("is not live before every topic is answered", async () => {
    const { gateway, live, listener, come } = setUp();
    gateway.hear = (line, frame) => {
      if (frame.type === "hello") line.tell({ type: "welcome", epoch: "e1", seq: 0, heartbeat_s: 30 });
    };
    live.listen("orders", listener);
    live.start();
    const line = await come();
    expect(live.status.value).toEqual({ is: "connecting" });
    line.tell({ type: "subscribed", topic: "orders", seq: 0 });
    expect(live.status.value).toEqual({ is: "live" });
  });

  it("tells how far the server's log was before it has anything fetched, and when a topic is complete", async () => {
    const { gateway, live, told, listener, come } = setUp();
    gateway.hear = (line, frame) => {
      if (frame.type === "hello") line.tell({ type: "welcome", epoch: "e1", seq: 0, heartbeat_s: 30 });
      if (frame.type === "subscribe") line.tell({ type: "subscribed", topic: "orders", seq: 0, position: "0/A" });
    };
    live.listen("orders", { ...listener, current: () => told.push("current") });
    live.start();
    const line = await come();
    const order = { id: "a", version: 1 };
    line.tell({
      type: "event",
      topic: "orders",
      seq: 1,
      event: "OrderPlaced",
      occurred_at: "",
      order,
      position: "0/B",
    });
    line.tell({ type: "at", seq: 2, position: "0/C" });
    expect(told).toEqual(["read 0/A", "fetch", "read 0/B", "a.1", "read 0/C", "current"]);
  });

  it("comes back with its positions and has nothing fetched", async () => {
    const { gateway, clock, live, told, listener, come, positions } = setUp();
    live.listen("orders", listener);
    live.start();
    const first = await come();
    gateway.change("a");
    first.tell({ type: "at", seq: 1 });
    first.topics.clear();
    gateway.change("b"); // while nobody hears
    first.end(1006);
    expect(live.status.value.is).toBe("waiting");
    await clock.run(1_000);
    const second = await come();
    expect(positions(second)).toEqual([{ epoch: "e1", seq: 1 }]);
    expect(told).toEqual(["fetch", "a.1", "b.1"]);
  });

  it("keeps a position until the topic is answered, however often the connection ends before", async () => {
    const { gateway, clock, live, listener, come, positions } = setUp();
    live.listen("orders", listener);
    live.start();
    const first = await come();
    gateway.change("a");
    first.end(1012);
    const hear = gateway.hear;
    gateway.hear = () => {}; // welcomes nobody
    for (let again = 0; again < 3; again++) {
      await clock.run(30_000);
      gateway.line.end(1012);
    }
    gateway.hear = hear;
    await clock.run(31_000);
    expect(positions(await come())).toEqual([{ epoch: "e1", seq: 1 }]);
  });

  it("has the list fetched when its position is void, also when the resync never comes", async () => {
    const { gateway, clock, live, told, listener, come } = setUp();
    live.listen("orders", listener);
    live.start();
    (await come()).end(1006);
    gateway.rebuild();
    told.length = 0;
    gateway.hear = (line, frame) => {
      if (frame.type === "hello") line.tell({ type: "welcome", epoch: "e2", seq: 0, heartbeat_s: 30 });
      if (frame.type === "subscribe") {
        line.tell({ type: "subscribed", topic: frame.topic, seq: 0 });
        line.end(1006); // before the resync
      }
    };
    await clock.run(1_000);
    await come();
    expect(told).toEqual(["fetch"]);
  });

  it("is dropped when it is silent for three heartbeats", async () => {
    const { clock, live, listener, come } = setUp();
    live.listen("orders", listener);
    live.start();
    const line = await come();
    await clock.run(89_000);
    line.tell({ type: "at", seq: 0 });
    await clock.run(89_000);
    expect(live.status.value.is).toBe("live");
    await clock.run(1_001);
    expect([live.status.value.is, line.open]).toEqual(["waiting", false]);
  });

  it("that is never welcomed is dropped too", async () => {
    const { gateway, clock, live } = setUp();
    gateway.hear = () => {};
    live.start();
    await settled();
    await clock.run(10_001);
    expect(gateway.line.open).toBe(false);
  });

  it("waits longer each time, by chance, and begins anew once it was heard", async () => {
    const { gateway, clock, live, come } = setUp();
    live.start();
    const waits: number[] = [];
    for (let again = 0; again < 12; again++) {
      await settled();
      gateway.line.end(1006);
      const status = live.status.value;
      const wait = (status.is === "waiting" ? status.until : Number.NaN) - clock.now();
      waits.push(wait);
      await clock.run(wait + 1);
    }
    expect(waits.every((wait, tries) => wait >= 0 && wait <= Math.min(30_000, 500 * 2 ** (tries + 1)))).toBe(true);
    expect(Math.max(...waits)).toBeGreaterThan(5_000);
    (await come()).end(1006);
    const status = live.status.value;
    expect((status.is === "waiting" ? status.until : Number.NaN) - clock.now()).toBeLessThanOrEqual(500);
  });

  it("leaves at the moment that a drain names, also when the server went first", async () => {
    const { gateway, clock, live, come } = setUp();
    live.start();
    const line = await come();
    line.tell({ type: "drain", reconnect_after_ms: 8421 });
    await clock.run(4_000);
    line.end(1012);
    expect(live.status.value).toEqual({ is: "waiting", until: clock.now() + 4421 });
    await clock.run(4_420);
    expect(gateway.lines).toHaveLength(1);
    await clock.run(2);
    expect(gateway.lines).toHaveLength(2);
  });

  it("waits as long as a refused ticket says", async () => {
    const { gateway, clock, live } = setUp();
    gateway.ticketError = new ProblemError({ status: 503, title: "T", detail: "d", request_id: "r", retry_after_s: 7 });
    live.start();
    await settled();
    const status = live.status.value;
    expect(status.is === "waiting" && status.until - clock.now()).toBeGreaterThanOrEqual(7_000);
    gateway.ticketError = null;
    await clock.run(9_000);
    expect(gateway.lines).toHaveLength(1);
  });

  it("is offline when the browser says so, and back at once", async () => {
    const { gateway, live, listener, come, set } = setUp();
    live.listen("orders", listener);
    live.start();
    const line = await come();
    set(false);
    expect([live.status.value.is, line.open]).toEqual(["offline", false]);
    set(true);
    await come();
    expect([live.status.value.is, gateway.lines.length]).toEqual(["live", 2]);
  });

  it("that died while the page slept is found out when somebody looks", async () => {
    const { clock, live, come, set } = setUp();
    live.start();
    await come();
    const now = clock.now();
    clock.now = () => now + 600_000; // timers slept too
    set(true, true);
    expect(live.status.value.is).toBe("connecting");
  });

  it("is kept beyond its token by a fresh ticket", async () => {
    const { gateway, clock, live, come } = setUp();
    live.start();
    const line = await come();
    for (let beat = 0; beat < RENEW_MS / 30_000; beat++) {
      await clock.run(30_000);
      line.tell({ type: "at", seq: 0 });
    }
    await settled();
    expect(gateway.renewed).toBe(1);
    expect(line.heard.at(-1)).toEqual({ type: "auth", ticket: "ticket-2" });
  });

  it("begins anew when the person may see something else", async () => {
    const { gateway, clock, live, told, listener, come, positions } = setUp();
    live.listen("orders", listener);
    live.start();
    const line = await come();
    gateway.change("a");
    line.end(4401);
    await clock.run(1_000);
    expect(positions(await come())).toEqual([undefined]);
    expect(told).toEqual(["fetch", "a.1", "fetch"]);
  });

  it("goes on without an order that is not ours any more", async () => {
    const { gateway, clock, live, told, listener, come } = setUp();
    gateway.refused.add("order:1");
    live.listen("orders", {});
    live.listen("order:1", listener);
    live.start();
    await come();
    expect(told).toEqual(["left"]);
    await clock.run(1_000);
    const line = await come();
    expect(line.topics).toEqual(new Set(["orders"]));
    expect(live.status.value.is).toBe("live");
  });

  it.each([4400, 4429, 1002, 4403])("ends with %i, which coming back does not mend", async (code) => {
    const { gateway, clock, live, come } = setUp();
    live.start();
    (await come()).end(code);
    await clock.run(120_000);
    expect([live.status.value, gateway.lines.length]).toEqual([{ is: "refused", code }, 1]);
  });

  it("takes topics up and lets them go as screens come and go", async () => {
    const { gateway, live, told, listener, come } = setUp();
    live.start();
    const line = await come();
    const stops = [live.listen("alerts", listener), live.listen("alerts", listener)];
    expect(told).toEqual(["fetch"]); // the second one: the first was told before it was there
    line.tell({ type: "alert", topic: "alerts", judged: true, at: null, firing: [] });
    expect(told.slice(1)).toEqual(["alert 0"]);
    for (const stop of stops) stop();
    expect(line.heard.at(-1)).toEqual({ type: "unsubscribe", topic: "alerts" });
    expect([line.topics.size, live.status.value.is]).toEqual([0, "live"]);
    gateway.change("a", true, "alerts");
    expect(told).toHaveLength(2);
  });

  it("hands locations over and sends them, and ignores what it does not know", async () => {
    const { live, told, listener, come } = setUp();
    live.listen("orders", listener);
    live.sendLocation(1, 2); // no connection: dropped
    live.start();
    const line = await come();
    line.tell({ type: "location", order_id: "a", lat: 39.1, lon: -84.5, at: "2026-11-27T10:00:00Z" });
    line.tell({ type: "something new" } as unknown as ServerFrame);
    live.sendLocation(39, -84);
    expect(told).toEqual(["fetch", "at 39.1"]);
    expect(line.heard.at(-1)).toEqual({ type: "location", lat: 39, lon: -84 });
  });

  it("that was stopped says nothing more and knows nothing more", async () => {
    const { gateway, clock, live, listener, come, positions } = setUp();
    live.listen("orders", listener);
    live.start();
    const line = await come();
    gateway.change("a");
    live.stop();
    expect([line.open, live.status.value.is]).toEqual([false, "off"]);
    await clock.run(120_000);
    expect([gateway.lines.length, clock.waiting]).toEqual([1, 0]);
    live.start();
    expect(positions(await come())).toEqual([undefined]);
  });
});

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("change" as const), n: fc.nat(4), sight: fc.boolean() }),
    fc.record({ do: fc.constant("break" as const), code: fc.constantFrom(1006, 1012, 4408, 4401, 1011) }),
    fc.record({ do: fc.constant("drain" as const), ms: fc.nat(9_000) }),
    fc.record({ do: fc.constantFrom("deafen" as const, "rebuild" as const, "offline" as const, "online" as const) }),
    fc.record({ do: fc.constant("forget" as const), events: fc.nat(3) }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.nat(40_000) }),
  ),
  { maxLength: 40 },
);

it("whatever becomes of connections, streams and networks, the list ends equal to the server's", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (script, seed) => {
      const { gateway, clock, live, set } = setUp();
      const feed = new Feed<Order>({
        page: async () => ({ items: [...gateway.orders.values()].map((each) => ({ ...each })), next_cursor: null }),
        compare: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
        clock,
        chance: chanceOf(seed),
      });
      live.listen("orders", {
        event: ({ event, order }) => (event === "OrderLeft" ? feed.left(order.id, order.version) : feed.take(order)),
        fetch: () => feed.refresh(),
      });
      /** The network as it is: what was opened comes up, and a heartbeat moves positions. */
      const breathe = async (ms: number) => {
        for (let left = ms; left >= 0; left -= 5_000) {
          await clock.run(Math.min(left, 5_000));
          const line = gateway.lines.at(-1);
          if (line?.open && line.heard.length === 0) line.onopen?.();
          else if (line?.open) line.tell({ type: "at", seq: gateway.seq });
          await settled();
        }
      };
      live.start();
      await breathe(0);
      for (const step of script) {
        const line = gateway.lines.at(-1);
        if (step.do === "change") gateway.change(`o${step.n}`, step.sight);
        else if (step.do === "wait") await breathe(step.ms);
        else if (step.do === "break" && line?.open) line.end(step.code);
        else if (step.do === "drain" && line?.open) line.tell({ type: "drain", reconnect_after_ms: step.ms });
        else if (step.do === "deafen" && line?.open) {
          line.tell = () => {}; // the network is gone, and nobody says so
        } else if (step.do === "rebuild") {
          gateway.rebuild();
          for (const each of gateway.lines)
            each.tell({ type: "resync", topic: "orders", seq: gateway.seq, epoch: gateway.epoch });
        } else if (step.do === "forget") gateway.forgets = step.events;
        else if (step.do === "offline") set(false);
        else if (step.do === "online") set(true);
      }
      set(true);
      await breathe(300_000);
      expect(live.status.value.is).toBe("live");
      const expected = [...gateway.orders.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(feed.state.value.items.map(({ id, version }) => ({ id, version }))).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
