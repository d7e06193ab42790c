// @vitest-environment happy-dom
/** What holds of every screen of every role, also of those that come later: `roles.ts` is read. */
import { afterEach, describe, expect, it } from "vitest";
import { session } from "../src/app";
import type { Person, Role } from "../src/lib/session";
import { patternOf, SCREENS } from "../src/roles";
import { App } from "../src/shell/App";
import { anyAnswer } from "./contract";
import { drawn, serve, show } from "./page";
import { chanceOf } from "./simulated";

const PEOPLE: Record<Role, Person> = {
  restaurant: { id: "r", name: "Rita", role: "restaurant", restaurant_id: "r1", zone: null },
  driver: { id: "d", name: "Dora", role: "driver", restaurant_id: null, zone: 3 },
  admin: { id: "a", name: "Ann", role: "admin", restaurant_id: null, zone: null },
};
const ROLES = Object.keys(PEOPLE) as Role[];
const screens = ROLES.flatMap((role) => SCREENS[role].map(({ path }) => [role, path] as const));

async function open(role: Role, path: string, otherwise?: (path: string) => Response | undefined): Promise<void> {
  const person = PEOPLE[role];
  const opened = () => Response.json({ access_token: "t", expires_in: 900, person }, { status: 201 });
  serve({ "POST /api/accounts/sessions": opened }, otherwise);
  history.replaceState(null, "", path.replace(/:\w+/g, "01a2"));
  await session.signIn("somebody@larder.test", "larder");
  await show(<App />);
  const until = Date.now() + 10_000; // a screen is a part of its own, loaded when it is opened
  while (document.querySelector("main h1") === null && Date.now() < until) await drawn();
}

afterEach(async () => {
  await show(null);
  await session.ended();
});

describe("a screen that the server does not answer", () => {
  it.each(screens)("of a %s at %s has its name and says what is missing, and does not break", async (role, path) => {
    await open(role, path);
    expectWhole();
    expect(document.title).toMatch(/ · Larder$/);
  });
});

describe("a screen that the server answers with whatever its contract allows", () => {
  it.each(screens)("of a %s at %s does not break, and has no empty places", async (role, path) => {
    for (let seed = 1; seed <= 4; seed++) {
      const chance = chanceOf(seed);
      await open(role, path, (asked) => anyAnswer(asked, chance));
      await drawn();
      expectWhole();
      expect(document.querySelector("main")?.textContent).not.toMatch(/undefined|NaN|Invalid Date|\[object/);
      await show(null);
      await session.ended();
    }
  });
});

function expectWhole(): void {
  const main = document.querySelector("main");
  expect(main?.textContent).not.toContain("Something on this screen went wrong");
  expect(main?.textContent).not.toContain("could not be loaded");
  expect(main?.querySelector("h1")?.textContent?.trim()).toMatch(/./);
}

describe("the navigation", () => {
  it.each(ROLES)("of a %s leads to screens that are there, and names each once", async (role) => {
    await open(role, "/");
    const links = [...document.querySelectorAll<HTMLAnchorElement>("header nav > a")];
    const named = SCREENS[role].filter(({ name }) => name !== undefined);
    const expected = named.length < 2 ? [] : named.map(({ path }) => path);
    expect(links.map((link) => link.getAttribute("href"))).toEqual(expected);
    expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
  });

  it("leads back from an address where nothing is", async () => {
    await open("admin", "/nothing/here");
    expect(document.querySelector("main")?.textContent).toContain("There is nothing at this address.");
  });
});

it("an address is reported by its pattern, never by what it names", () => {
  expect(patternOf("restaurant", "/orders/01a2")).toBe("/orders/:id");
  expect(patternOf("restaurant", "/orders/01a2/secret")).toBe("/nowhere");
  expect(patternOf(undefined, "/orders/01a2")).toBe("/sign-in");
});
