import { describe, expect, it } from "vitest";
import { answer, makeApi, ProblemError, UnreachableError } from "../src/lib/api";

const BASE = "http://larder.test";

function problem(status: number, more: object = {}): Response {
  const body = { type: "about:blank", title: "T", status, detail: "Why.", request_id: "r1", ...more };
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json" } });
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
    expect((error as ProblemError).fields.get("items[0].quantity")).toBe("too many");
    expect((error as ProblemError).code).toBe("invalid");
    expect((error as ProblemError).message).toBe("Why.");
  });

  it("says how long to wait", async () => {
    const { api } = server(problem(503, { retry_after_s: 2 }));
    await expect(answer(api.GET("/api/catalog/categories"))).rejects.toMatchObject({ status: 503, retryAfterMs: 2000 });
  });

  it("of a stranger between us and Larder is a problem too", async () => {
    const { api } = server(new Response("<h1>No</h1>", { status: 502, statusText: "Bad Gateway" }));
    await expect(answer(api.GET("/api/catalog/categories"))).rejects.toMatchObject({
      status: 502,
      message: "Bad Gateway",
    });
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
