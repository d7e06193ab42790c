// @vitest-environment happy-dom
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { outbox, session } from "../src/app";
import { move } from "../src/deeds";
import type { Person } from "../src/lib/session";
import { Header } from "../src/shell/Header";
import { Kept } from "../src/shell/Kept";
import { SignIn } from "../src/shell/SignIn";
import { drawn, named, press, problem, serve, show, submit } from "./page";

const ANN: Person = { id: "ann", name: "Ann", role: "admin", restaurant_id: null, zone: null };
const opened = () => Response.json({ access_token: "t", expires_in: 900, person: ANN }, { status: 201 });
const text = () => document.body.textContent ?? "";

beforeEach(() => {
  serve({});
  localStorage.clear();
});
afterEach(async () => {
  await session.ended();
  for (const { key } of outbox.actions.value) await outbox.remove(key);
});

describe("signing in", () => {
  it("is by address and password, and says who is there", async () => {
    const asked = serve({ "POST /api/accounts/sessions": opened });
    await show(<SignIn />);
    await submit({ email: "ann@larder.test", password: "larder" });
    expect(asked).toContain("POST /api/accounts/sessions");
    expect(session.person.value).toEqual(ANN);
  });

  it("with a wrong password is refused in words, and can be tried again", async () => {
    serve({ "POST /api/accounts/sessions": () => problem(401, { code: "wrong_credentials" }) });
    await show(<SignIn />);
    await submit({ email: "ann@larder.test", password: "no" });
    expect(document.querySelector('[role="alert"]')?.textContent).toBe("The address or the password is wrong.");
    expect((named("Sign in") as HTMLButtonElement).disabled).toBe(false);
    expect(session.person.value).toBeNull();
  });

  it("without a server says what to look at", async () => {
    await show(<SignIn />);
    await submit({ email: "ann@larder.test", password: "larder" });
    expect(document.querySelector('[role="alert"]')?.textContent).toContain("Larder cannot be reached.");
  });
});

describe("what was done and not answered", () => {
  const order = { id: "o1", number: 1007, version: 2 };
  const path = "POST /api/orders/o1/transitions";

  async function signedIn(): Promise<void> {
    serve({ "POST /api/accounts/sessions": opened });
    await session.signIn("ann@larder.test", "larder");
  }

  it("is counted and named, and can be taken back", async () => {
    await signedIn();
    await outbox.add(move(order, "preparing"));
    await show(<Kept />);
    await drawn();
    expect(text()).toContain("1 action is kept and will be sent when the network is back.");
    await press("Take back: Prepare order 1007");
    expect([text(), outbox.actions.value]).toEqual(["", []]);
  });

  it("is told in words when it is refused, with what is true now, until that was read", async () => {
    await signedIn();
    serve({ [path]: () => problem(409, { code: "version", present: { status: "ready", version: 4 } }) });
    await show(<Kept />);
    await outbox.add(move(order, "preparing"));
    await drawn();
    expect(text()).toContain("Not done: Prepare order 1007. Somebody was quicker: the order is “Ready” now.");
    await press("Understood");
    expect([text(), outbox.actions.value]).toEqual(["", []]);
  });

  it("is said to be lost with the page where the browser keeps nothing", async () => {
    await show(<Kept />);
    outbox.lasting.set(false);
    await drawn();
    expect(text()).toContain("This browser keeps nothing for later.");
    outbox.lasting.set(true);
  });
});

describe("the bar", () => {
  it("offers nothing of a person's to nobody", async () => {
    await show(
      <LocationProvider>
        <Header person={null} />
      </LocationProvider>,
    );
    expect(() => named("Sign out")).toThrow();
    expect(document.querySelector(".connection")).toBeNull();
  });

  it("says whether what is shown is live, turns the theme, and lets people leave", async () => {
    const asked = serve({
      "POST /api/accounts/sessions": opened,
      "DELETE /api/accounts/sessions/current": () => new Response(null, { status: 204 }),
    });
    await session.signIn("ann@larder.test", "larder");
    await show(
      <LocationProvider>
        <Header person={ANN} />
      </LocationProvider>,
    );
    await drawn();
    expect(document.querySelector(".connection")?.getAttribute("aria-label")).toMatch(/^Connection: /);
    await press("Light or dark");
    expect(localStorage.getItem("larder.theme")).toBe("dark");
    await press("Sign out");
    expect(session.person.value).toBeNull();
    expect(asked).toContain("DELETE /api/accounts/sessions/current");
  });
});
