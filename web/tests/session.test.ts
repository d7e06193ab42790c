import { describe, expect, it } from "vitest";
import { makeApi } from "../src/lib/api";
import { type Person, Session } from "../src/lib/session";

const ANN: Person = { id: "ann", name: "Ann", role: "admin", restaurant_id: null, zone: null };

function setUp(answers: Record<string, () => Response>, remembered: Person | null = null) {
  const memory = new Map<string, string>();
  if (remembered !== null) memory.set("larder.person", JSON.stringify(remembered));
  const log: string[] = [];
  const api = makeApi({
    base: "http://larder.test",
    signedOut: () => session.ended(),
    fetch: async (request) => {
      const line = `${request.method} ${new URL(request.url).pathname.replace("/api/accounts", "")}`;
      log.push(line);
      const answer = answers[line];
      if (answer === undefined) throw new TypeError("Failed to fetch");
      return answer();
    },
  });
  const live = { start: () => log.push("live"), stop: () => log.push("quiet") };
  const outbox = { belongTo: async (person: string | null) => void log.push(`outbox of ${person}`) };
  const session: Session = new Session(api, live as never, outbox, {
    getItem: (name) => memory.get(name) ?? null,
    setItem: (name, text) => memory.set(name, text),
    removeItem: (name) => memory.delete(name),
  });
  return { session, log, memory };
}

const nobody = () =>
  Response.json(
    { type: "about:blank", title: "T", status: 401, detail: "Sign in first.", request_id: "r" },
    { status: 401, headers: { "Content-Type": "application/problem+json" } },
  );
const opened = () => Response.json({ access_token: "t", expires_in: 900, person: ANN }, { status: 201 });

describe("a session", () => {
  it("begins with everything that runs for the person", async () => {
    const { session, log } = setUp({ "POST /sessions": opened });
    await session.signIn("ann@larder.test", "larder");
    expect(session.person.value).toEqual(ANN);
    expect(log).toEqual(["POST /sessions", "quiet", "outbox of ann", "live"]);
  });

  it("sends nothing of another person's while somebody signs in", async () => {
    const { session, log } = setUp({ "POST /sessions": opened }, { ...ANN, id: "bob" });
    await session.follow();
    log.length = 0;
    await session.signIn("ann@larder.test", "larder");
    expect(log).toEqual(["quiet", "outbox of null", "POST /sessions", "quiet", "outbox of ann", "live"]);
  });

  it("is there again when the browser is opened, and stays without a network", async () => {
    const { session } = setUp({}, ANN);
    await session.restore();
    expect(session.person.value).toEqual(ANN);
  });

  it("is renewed when its token ran out while the browser was closed", async () => {
    const me = () => Response.json({ person: null });
    const { session } = setUp({ "GET /me": me, "POST /sessions/current/token": opened }, ANN);
    await session.restore();
    expect(session.person.value).toEqual(ANN);
  });

  it("is over when the server says so", async () => {
    const me = () => Response.json({ person: null });
    const { session, memory } = setUp({ "GET /me": me, "POST /sessions/current/token": nobody }, ANN);
    await session.restore();
    expect([session.person.value, memory.size]).toEqual([null, 0]);
  });

  it("ends here at once, also when the server cannot be told", async () => {
    const { session, log } = setUp({}, ANN);
    await session.follow();
    await expect(session.signOut()).rejects.toThrow("cannot be reached");
    expect(session.person.value).toBeNull();
    expect(log.slice(-3)).toEqual(["quiet", "outbox of null", "DELETE /sessions/current"]);
  });
});
