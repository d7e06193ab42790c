import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Deed } from "../src/lib/action";
import { makeCall } from "../src/lib/api";
import { Outbox, type OutboxOptions } from "../src/lib/outbox";
import { chanceOf, SimulatedClock } from "./simulated";
import { closeDatabases, deleteDatabase, loseDatabases, withoutDatabases } from "./system";

const BASE = "http://larder.test";
const ANN = "ann";

/** One at a time, as the browser does it for all tabs of an origin. */
class Locks {
  #last: Promise<unknown> = Promise.resolve();
  held = 0;
  most = 0;

  request(_: string, work: unknown): Promise<never> {
    const run = this.#last.then(async () => {
      this.most = Math.max(this.most, ++this.held);
      try {
        return await (work as () => Promise<unknown>)();
      } finally {
        this.held--;
      }
    });
    this.#last = run.catch(() => undefined);
    return run as Promise<never>;
  }
}

type Weather = "fine" | "lost request" | "lost answer" | "portal" | "proxy" | number;

function problem(status: number): Response {
  const body = { type: "about:blank", title: "T", status, detail: "Why.", request_id: "r" };
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json" } });
}

/** Larder: does each key once, as often as it is asked; `weather` says what becomes of each request. */
class Server {
  readonly done: string[] = [];
  readonly answered = new Map<string, number>();
  readonly asked: string[] = [];
  weather: () => Weather = () => "fine";

  readonly send = makeCall({ base: BASE, fetch: (request) => this.#answer(request) });

  async #answer(request: Request): Promise<Response> {
    if (request.url.endsWith("/sessions/current/token")) return problem(401);
    const key = request.headers.get("Idempotency-Key") ?? "";
    this.asked.push(key);
    const weather = this.weather();
    if (weather === "lost request") throw new TypeError("Failed to fetch");
    if (weather === "portal")
      return new Response("<h1>Welcome to the hotel</h1>", { headers: { "Content-Type": "text/html" } });
    if (weather === "proxy") return new Response("Forbidden by the gateway", { status: 403 });
    if (typeof weather === "number") return problem(weather);
    if (!this.answered.has(key)) {
      this.done.push(key);
      this.answered.set(key, this.done.length);
    }
    if (weather === "lost answer") throw new TypeError("Failed to fetch");
    return Response.json({ number: this.answered.get(key) }, { status: 201 });
  }
}

/** What the tabs of a browser tell each other. */
class Channels {
  readonly #hearers = new Map<object, () => void>();

  of(): NonNullable<OutboxOptions["channel"]> {
    const own = {};
    return {
      postMessage: () => {
        for (const [whose, hear] of this.#hearers) if (whose !== own) hear();
      },
      addEventListener: (_: string, hear: unknown) => this.#hearers.set(own, hear as () => void),
      close: () => this.#hearers.delete(own),
    } as unknown as NonNullable<OutboxOptions["channel"]>;
  }
}

let shelves = 0;
const open = new Set<Outbox>();

/** Tabs over one shelf. A tab that is opened again finds what the others left. */
function browser(server: Server) {
  const [name, locks, clock, chance] = [`shelf-${shelves++}`, new Locks(), new SimulatedClock(), chanceOf(7)];
  const channels = new Channels();
  let keys = 0;
  const tab = () => {
    const newKey = () => `key-${keys++}`;
    const channel = channels.of();
    const outbox = new Outbox({
      base: BASE,
      name,
      send: server.send,
      locks: locks as never,
      clock,
      chance,
      newKey,
      channel,
    });
    open.add(outbox);
    return outbox;
  };
  return { tab, locks, clock, name };
}

afterEach(async () => {
  for (const outbox of open) await outbox.close();
  open.clear();
});

const deed = (n: number): Deed => ({ kind: "place", about: { n }, method: "POST", path: "/api/orders", body: { n } });
const rest = () => new Promise((resolve) => setTimeout(resolve, 5)); // fake-indexeddb works by timers
async function quiet(...tabs: Outbox[]): Promise<void> {
  for (const tab of tabs) await tab.flush();
  await rest();
}

describe("an action", () => {
  it("is done, told, and gone", async () => {
    const server = new Server();
    const tab = browser(server).tab();
    const told: unknown[] = [];
    const stops = [
      tab.whenSent(({ about }) => told.push(["sent", about.n])),
      tab.whenDone(({ about }, answer) => told.push([about.n, answer])),
    ];
    await tab.belongTo(ANN);
    const key = await tab.add(deed(1));
    await quiet(tab);
    expect(server.done).toEqual([key]);
    expect(told).toEqual([
      ["sent", 1],
      [1, { number: 1 }],
    ]);
    for (const stop of stops) stop();
    await tab.add(deed(2));
    await quiet(tab);
    expect(told).toHaveLength(2);
    expect(tab.actions.value).toEqual([]);
  });

  it.each(["lost request", "lost answer", "portal", "proxy", 500, 503, 429, 408, 401] as const)(
    "waits through %s",
    async (weather) => {
      const server = new Server();
      const { tab: openTab, clock } = browser(server);
      const tab = openTab();
      server.weather = () => weather;
      await tab.belongTo(ANN);
      await tab.add(deed(1));
      await quiet(tab);
      expect(tab.actions.value.map(({ refusal }) => refusal)).toEqual([null]);
      server.weather = () => "fine";
      await clock.run(70_000); // by itself
      await quiet(tab);
      expect(server.done).toHaveLength(1);
      expect(tab.actions.value).toEqual([]);
    },
  );

  it.each([400, 403, 404, 409, 413, 415, 422])(
    "that is answered %i stays until that was read, and stops nothing",
    async (status) => {
      const server = new Server();
      const tab = browser(server).tab();
      const answers = [status, "fine" as const];
      server.weather = () => answers.shift() ?? "fine";
      await tab.belongTo(ANN);
      const [refused, good] = [await tab.add(deed(1)), await tab.add(deed(2))];
      await quiet(tab);
      expect(server.done).toEqual([good]);
      expect(tab.actions.value.map(({ key, refusal }) => [key, refusal?.detail])).toEqual([[refused, "Why."]]);
      await quiet(tab);
      expect(server.asked.filter((key) => key === refused)).toHaveLength(1);
      await tab.remove(refused);
      expect(tab.actions.value).toEqual([]);
    },
  );

  it("that has a key of its own is kept once, from however many tabs it is asked for", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const { tab } = browser(server);
    const [one, other] = [tab(), tab()];
    await one.belongTo(ANN);
    await Promise.all([one.add(deed(1), "cart"), other.add(deed(1), "cart"), one.add(deed(2))]);
    await quiet(one, other);
    expect(one.actions.value.map(({ about }) => about.n)).toEqual([1, 2]);
    server.weather = () => "fine";
    await quiet(one, other);
    expect(server.done).toEqual(["cart", expect.stringMatching(/^key-/)]);
  });

  it("that belongs to another is kept with it or not at all, and goes after it", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const tab = browser(server).tab();
    await tab.belongTo(ANN);
    const unfit = { ...deed(2), body: { picture: (() => undefined) as never } }; // what no browser can keep
    await expect(tab.addAll([deed(1), unfit])).rejects.toThrow();
    expect(tab.actions.value).toEqual([]);
    expect(tab.trouble.value).not.toBeNull();
    await tab.addAll([deed(1), deed(2)]);
    expect(tab.actions.value.map(({ about }) => about.n)).toEqual([1, 2]);
    expect(tab.trouble.value).toBeNull();
    server.weather = () => "fine";
    await quiet(tab);
    expect(server.done).toHaveLength(2);
    expect(tab.actions.value).toEqual([]);
  });

  it("that a tap did twice is kept once; meant again a second later, or after its opposite, it is another", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const { tab: openTab, clock } = browser(server);
    const tab = openTab();
    await tab.belongTo(ANN);
    const duty = (on: boolean): Deed => ({ ...deed(0), method: "PUT", path: "/api/orders/duty", body: { on } });
    const [first, again] = await Promise.all([tab.add(duty(true)), tab.add(duty(true))]);
    expect([again, tab.actions.value.length]).toEqual([first, 1]);
    await tab.add(duty(false));
    await tab.add(duty(true));
    await clock.run(1000);
    await tab.add(duty(true));
    expect(tab.actions.value.map(({ body }) => body)).toEqual([true, false, true, true].map((on) => ({ on })));
    server.weather = () => "fine";
    await quiet(tab);
    expect(server.done).toHaveLength(4);
  });

  it("survives a closed browser", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const { tab } = browser(server);
    const first = tab();
    await first.belongTo(ANN);
    const key = await first.add(deed(1));
    await quiet(first);
    await first.close();
    open.delete(first);
    server.weather = () => "fine";
    const second = tab();
    await quiet(second);
    expect(server.done).toEqual([key]);
  });

  it("is done in nobody's name but its own", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const tab = browser(server).tab();
    await expect(tab.add(deed(0))).rejects.toThrow("nobody is signed in");
    await tab.belongTo(ANN);
    const key = await tab.add(deed(1));
    await quiet(tab);
    server.weather = () => "fine";
    await tab.belongTo(null);
    await quiet(tab);
    await tab.belongTo("bob");
    await quiet(tab);
    expect(server.done).toEqual([]);
    expect(tab.actions.value).toEqual([]);
    await tab.belongTo(ANN);
    await quiet(tab);
    expect(server.done).toEqual([key]);
  });

  it("waits in memory where the browser keeps nothing, and that is said", async () => {
    const server = new Server();
    await withoutDatabases(async () => {
      const tab = browser(server).tab();
      await expect(tab.add(deed(0))).rejects.toThrow("nobody is signed in");
      expect(tab.lasting.value).toBe(false);
      server.weather = () => 503;
      await tab.belongTo(ANN);
      const [first, second] = [await tab.add(deed(1)), await tab.add(deed(2))];
      await quiet(tab);
      expect(tab.actions.value.map(({ key }) => key)).toEqual([first, second]);
      await tab.remove(first);
      await tab.belongTo(null);
      await tab.belongTo(ANN);
      server.weather = () => 409;
      await quiet(tab);
      expect(tab.actions.value.map(({ key, refusal }) => [key, refusal?.status])).toEqual([[second, 409]]);
    });
  });

  it("is kept, and those before it, when the system has closed the database", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const tab = browser(server).tab();
    await tab.belongTo(ANN);
    const first = await tab.add(deed(1));
    await quiet(tab);
    closeDatabases();
    const second = await tab.add(deed(2));
    await quiet(tab);
    closeDatabases();
    server.weather = () => "fine";
    await quiet(tab);
    expect([server.done, tab.actions.value, tab.lasting.value]).toEqual([[first, second], [], true]);
  });

  it("is not called kept while the database cannot be opened again, and those before it wait for that", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const { tab: openTab, clock } = browser(server);
    const tab = openTab();
    await tab.belongTo(ANN);
    const key = await tab.add(deed(1));
    await quiet(tab);
    loseDatabases();
    await withoutDatabases(async () => {
      await expect(tab.add(deed(2))).rejects.toThrow("cannot be opened");
      expect([tab.trouble.value?.name, tab.lasting.value]).toEqual(["ClosedError", true]);
      server.weather = () => "fine";
      await expect(tab.flush()).rejects.toThrow("cannot be opened");
    });
    expect(server.done).toEqual([]);
    await clock.run(70_000); // by itself
    await quiet(tab);
    expect([server.done, tab.actions.value]).toEqual([[key], []]);
  });

  it("is not shown as kept any more when somebody has deleted what the browser keeps", async () => {
    const server = new Server();
    server.weather = () => "lost request";
    const { tab: openTab, name } = browser(server);
    const tab = openTab();
    await tab.belongTo(ANN);
    await tab.add(deed(1));
    await quiet(tab);
    await deleteDatabase(name);
    await vi.waitFor(() => expect(tab.actions.value).toEqual([]));
    await expect(tab.add(deed(2))).rejects.toThrow("nobody is signed in");
  });

  it("that could not be kept is not done, and that is said until one is", async () => {
    const server = new Server();
    const tab = browser(server).tab();
    await tab.belongTo(ANN);
    const add = IDBObjectStore.prototype.add;
    IDBObjectStore.prototype.add = () => {
      throw new DOMException("The disk is full.", "QuotaExceededError");
    };
    try {
      await expect(tab.add(deed(1))).rejects.toThrow("The disk is full.");
    } finally {
      IDBObjectStore.prototype.add = add;
    }
    expect([tab.trouble.value?.name, tab.actions.value, server.asked]).toEqual(["QuotaExceededError", [], []]);
    await tab.add(deed(1));
    await quiet(tab);
    expect([tab.trouble.value, server.done.length]).toEqual([null, 1]);
  });

  it("that is taken back while it waits is never done", async () => {
    const server = new Server();
    server.weather = () => 503;
    const tab = browser(server).tab();
    await tab.belongTo(ANN);
    await tab.remove(await tab.add(deed(1)));
    server.weather = () => "fine";
    await quiet(tab);
    expect(server.done).toEqual([]);
  });
});

const weathers: fc.Arbitrary<Weather> = fc.constantFrom(
  ...["fine" as const, "lost request" as const, "lost answer" as const, "portal" as const, "proxy" as const],
  ...[503, 429, 401, 409],
);
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("act" as const), tab: fc.nat(2) }),
    fc.record({ do: fc.constant("flush" as const), tab: fc.nat(2) }),
    fc.record({ do: fc.constant("reopen" as const), tab: fc.nat(2) }),
    fc.record({ do: fc.constant("close databases" as const) }),
    fc.record({ do: fc.constant("lose databases" as const) }),
    fc.record({ do: fc.constant("weather" as const), next: fc.array(weathers, { maxLength: 4 }) }),
  ),
  { maxLength: 25 },
);

it("whatever the network, the tabs, the server and the system do: each action is done once or refused, in order", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const server = new Server();
      const { tab, locks } = browser(server);
      const tabs = [tab(), tab(), tab()];
      const at = (index: number) => tabs[index] as Outbox;
      await at(0).belongTo(ANN);
      let coming: ReturnType<Server["weather"]>[] = [];
      server.weather = () => coming.shift() ?? "fine";
      const acted: string[] = [];
      for (const step of script) {
        if (step.do === "act") acted.push(await at(step.tab).add(deed(acted.length)));
        else if (step.do === "flush") at(step.tab).flush();
        else if (step.do === "close databases") closeDatabases();
        else if (step.do === "lose databases") loseDatabases();
        else if (step.do === "weather") coming = [...step.next];
        else {
          await quiet(at(step.tab)); // a closed page ends what it had under way; the shelf has it all the same
          await at(step.tab).close();
          open.delete(at(step.tab));
          tabs[step.tab] = tab();
        }
      }
      server.weather = () => "fine";
      await quiet(...tabs);
      await quiet(...tabs);
      const left = at(0).actions.value.map(({ key }) => key);
      expect(at(0).actions.value.every(({ refusal }) => refusal !== null)).toBe(true);
      // A 409 may answer a key that was done by a request whose answer was lost: then it is both, as the server said.
      expect(new Set([...server.done, ...left])).toEqual(new Set(acted));
      expect(server.done).toEqual(acted.filter((key) => server.answered.has(key)));
      expect(locks.most).toBeLessThanOrEqual(1);
      for (const outbox of tabs) {
        await outbox.close();
        open.delete(outbox);
      }
    }),
    { numRuns: 40 },
  );
});
