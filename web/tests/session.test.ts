import { describe, expect, it } from "vitest";
import { makeApi } from "../src/lib/api";
import { type Person, Session } from "../src/lib/session";
import { settled } from "./simulated";

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
  const session: Session = new Session({
    api,
    live: { start: () => log.push("live"), stop: () => log.push("quiet") },
    belongings: [{ belongTo: async (person) => void log.push(`outbox of ${person}`) }],
    memory: {
      getItem: (name) => memory.get(name) ?? null,
      setItem: (name, text) => memory.set(name, text),
      removeItem: (name) => memory.delete(name),
    },
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
    const known: unknown[] = [];
    session.known.watch(() => known.push(session.person.value));
    await session.restore();
    expect(session.person.value).toEqual(ANN);
    expect(known).toEqual([ANN]); // nobody was taken for signed out meanwhile
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

  it("ends here at once, and the server is told when it can be", async () => {
    const answers: Record<string, () => Response> = {};
    const { session, log } = setUp(answers, ANN);
    await session.follow();
    await session.signOut();
    expect(session.person.value).toBeNull();
    expect(log.slice(-3)).toEqual(["quiet", "outbox of null", "DELETE /sessions/current"]);
    await session.reconnected(); // not yet
    answers["DELETE /sessions/current"] = () => new Response(null, { status: 204 });
    await session.reconnected();
    await session.reconnected();
    expect(log.filter((line) => line.startsWith("DELETE"))).toHaveLength(3);
  });

  it("that could not be ended is ended when the browser is opened again, or by who signs in next", async () => {
    const answers: Record<string, () => Response> = { "POST /sessions": opened };
    const { session, log, memory } = setUp(answers, ANN);
    await session.follow();
    await session.signOut();
    await expect(session.signIn("bob@larder.test", "larder")).rejects.toThrow("cannot be reached");
    expect(log).not.toContain("POST /sessions");
    answers["DELETE /sessions/current"] = nobody; // it has ended by itself
    await session.restore();
    expect(memory.size).toBe(0);
    log.length = 0;
    await session.signIn("bob@larder.test", "larder");
    expect(log[0]).toBe("POST /sessions");
  });

  it("does not come back with an answer from before it ended", async () => {
    let answerMe = (_: Response) => {};
    const me = new Promise<Response>((resolve) => {
      answerMe = resolve;
    });
    const { session } = setUp({ "GET /me": () => me as never }, ANN);
    const restored = session.restore();
    await settled();
    await session.signOut();
    answerMe(Response.json({ person: ANN }));
    await restored;
    expect(session.person.value).toBeNull();
  });

  it("ends what runs for one person before the next one's begins, however quickly they come", async () => {
    const { session, log } = setUp({ "POST /sessions": opened }, { ...ANN, id: "bob" });
    await Promise.all([session.follow(), session.ended(), session.signIn("ann@larder.test", "larder")]);
    expect(log.filter((line) => !line.startsWith("POST"))).toEqual([
      ...["quiet", "outbox of bob", "live"],
      ...["quiet", "outbox of null"],
      ...["quiet", "outbox of ann", "live"],
    ]);
  });
});
