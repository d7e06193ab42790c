import { describe, expect, it } from "vitest";
import { answer, makeApi, ProblemError, READ_MS, UnreachableError, WRITE_MS } from "../src/lib/api";
import { POSITION, Positions } from "../src/lib/positions";

const BASE = "http://larder.test";
const PROBLEM = { "Content-Type": "application/problem+json" };

function problem(status: number, more: object = {}): Response {
  const body = { type: "about:blank", title: "T", status, detail: "Why.", request_id: "r1", ...more };
  return Response.json(body, { status, headers: PROBLEM });
}

/** A server that says these one after the other, and what it was asked. */
function server(...answers: (Response | Error)[]) {
  const asked: { line: string; body: string }[] = [];
  let ended = 0;
  const api = makeApi({
    base: BASE,
    signedOut: () => ended++,
    fetch: async (request) => {
      asked.push({ line: `${request.method} ${new URL(request.url).pathname}`, body: await request.text() });
      const next = answers.shift();
      if (next === undefined) throw new Error("asked too often");
      if (next instanceof Error) throw next;
      return next;
    },
  });
  return { api, asked, ended: () => ended };
}

const categories = { items: [{ name: "Bread", products: 3 }], next_cursor: null };
const RENEWAL = "POST /api/accounts/sessions/current/token";

describe("an answer", () => {
  it("comes typed", async () => {
    const { api } = server(Response.json(categories));
    expect((await answer(api.GET("/api/catalog/categories"))).items[0]?.name).toBe("Bread");
  });

  it("that is a problem is thrown, and names the fields", async () => {
    const { api } = server(
      problem(400, { code: "invalid", errors: [{ field: "items[0].quantity", detail: "too many" }] }),
    );
    const error = await answer(api.GET("/api/catalog/categories")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).fields.get("items[0].quantity")?.detail).toBe("too many");
    expect((error as ProblemError).code).toBe("invalid");
    expect((error as ProblemError).message).toBe("Why.");
  });

  it("says how long to wait", async () => {
    const { api } = server(problem(503, { retry_after_s: 2 }));
    await expect(answer(api.GET("/api/catalog/categories"))).rejects.toMatchObject({ status: 503, retryAfterMs: 2000 });
  });

  it.each([
    ["a proxy's error", new Response("<h1>No</h1>", { status: 502, statusText: "Bad Gateway" })],
    ["a proxy's refusal", new Response("Blocked.", { status: 403, headers: { "Content-Type": "text/plain" } })],
    ["a hotel's page", new Response("<h1>Welcome</h1>", { headers: { "Content-Type": "text/html; charset=utf-8" } })],
    ["a problem that ends in its middle", new Response('{"sta', { status: 500, headers: PROBLEM })],
    ["an answer that ends in its middle", new Response('{"ite', { headers: { "Content-Type": "application/json" } })],
  ])("that is %s is none", async (_, response) => {
    const { api } = server(response);
    await expect(answer(api.GET("/api/catalog/categories"))).rejects.toBeInstanceOf(UnreachableError);
  });

  it("that does not come in time is not waited for, and who calls it off is told so", async () => {
    const waits: number[] = [];
    const api = makeApi({
      base: BASE,
      timeout: (ms) => {
        waits.push(ms);
        return AbortSignal.abort(new DOMException("too late", "TimeoutError"));
      },
      fetch: async ({ signal }) => {
        throw signal.reason;
      },
    });
    const late = answer(api.GET("/api/catalog/categories"));
    await expect(late).rejects.toThrow(new UnreachableError("Larder did not answer in time."));
    await expect(answer(api.POST("/api/realtime/tickets"))).rejects.toBeInstanceOf(UnreachableError);
    expect(waits).toEqual([READ_MS, WRITE_MS]);
    const signal = AbortSignal.abort();
    await expect(answer(api.GET("/api/catalog/categories", { signal }))).rejects.toMatchObject({ name: "AbortError" });
  });

  it("that never comes is another kind of error", async () => {
    const { api } = server(new TypeError("Failed to fetch"));
    await expect(answer(api.GET("/api/catalog/categories"))).rejects.toBeInstanceOf(UnreachableError);
  });
});

describe("a session that ran out", () => {
  const order = { items: [{ product_id: "p", quantity: 1 }] };
  const place = (api: ReturnType<typeof makeApi>) =>
    answer(api.POST("/api/orders", { body: order, params: { header: { "Idempotency-Key": "k" } } }));

  it("is renewed, and the request sent once more with its body", async () => {
    const { api, asked } = server(
      problem(401),
      new Response(null, { status: 201 }),
      Response.json({ id: "o" }, { status: 201 }),
    );
    expect(await place(api)).toEqual({ id: "o" });
    expect(asked.map(({ line }) => line)).toEqual(["POST /api/orders", RENEWAL, "POST /api/orders"]);
    expect(asked[2]?.body).toBe(JSON.stringify(order));
  });

  it("is renewed once for all who wait", async () => {
    const { api, asked } = server(
      ...[problem(401), problem(401), new Response(null, { status: 201 })],
      ...[Response.json(categories), Response.json(categories)],
    );
    await Promise.all([answer(api.GET("/api/catalog/categories")), answer(api.GET("/api/catalog/categories"))]);
    expect(asked.filter(({ line }) => line === RENEWAL)).toHaveLength(1);
  });

  it("that cannot be renewed is over", async () => {
    const { api, ended } = server(problem(401), problem(401));
    await expect(place(api)).rejects.toMatchObject({ status: 401 });
    expect(ended()).toBe(1);
  });

  it("is not over because the renewal met a fault", async () => {
    const { api, ended } = server(problem(401), problem(503));
    await expect(place(api)).rejects.toMatchObject({ status: 503 });
    expect(ended()).toBe(0);
  });

  it("is not looked for when somebody signs in with a wrong password", async () => {
    const { api, asked, ended } = server(problem(401));
    const body = { email: "a@b.c", password: "no" };
    await expect(answer(api.POST("/api/accounts/sessions", { body }))).rejects.toMatchObject({ status: 401 });
    expect([asked.length, ended()]).toEqual([1, 0]);
  });
});

describe("a position", () => {
  const empty = { items: [], next_cursor: null };

  function reader() {
    const asked: (string | null)[] = [];
    const positions = new Positions();
    const told: string[] = [];
    const api = makeApi({
      base: BASE,
      positions,
      fetch: async (request) => {
        asked.push(request.headers.get(POSITION));
        const position = told.shift();
        return Response.json(empty, position === undefined ? {} : { headers: { [POSITION]: position } });
      },
    });
    return { api, asked, positions, told };
  }

  it("is the newest of what answers and frames told, and goes with what is read", async () => {
    const { api, asked, positions, told } = reader();
    told.push("0/FF");
    await answer(api.POST("/api/realtime/tickets"));
    await answer(api.GET("/api/orders"));
    for (const position of ["1/10", "0/FFFFFFFF", "1/9"]) positions.hear(position);
    await answer(api.GET("/api/orders"));
    await answer(api.POST("/api/realtime/tickets"));
    expect(asked).toEqual([null, "0/FF", "1/10", null]);
  });

  it("does not keep the catalogue from the edge's cache, unless it was changed from here", async () => {
    const { api, asked, positions, told } = reader();
    positions.hear("0/FF");
    await answer(api.GET("/api/catalog/products"));
    told.push("1/0");
    const body = { sku: "1", name: "Bread", category: "Bread", unit: "1 lb", price_cents: 1, stock: 1 };
    await answer(api.POST("/api/catalog/products", { body }));
    await answer(api.GET("/api/catalog/products"));
    expect(asked).toEqual([null, null, "1/0"]);
  });
});
