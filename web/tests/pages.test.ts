import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Page } from "../src/lib/feed";
import { everyPage, Pages } from "../src/lib/pages";
import { settled } from "./simulated";

/** A server whose answers come when the test says so. */
function setUp() {
  const asked: { what: string; answer: (page: Page<string>) => void; fail: (error: Error) => void }[] = [];
  const pages = new Pages<string, string>(
    (question, cursor) =>
      new Promise((answer, fail) => {
        asked.push({ what: cursor === null ? question : `${question} after ${cursor}`, answer, fail });
      }),
  );
  return { pages, asked };
}

describe("pages", () => {
  it("are asked for one after another, until there is no more", async () => {
    const { pages, asked } = setUp();
    expect(pages.state.value.items).toBeNull();
    pages.ask("milk");
    asked[0]?.answer({ items: ["a", "b"], next_cursor: "b" });
    await settled();
    expect(pages.state.value).toMatchObject({ items: ["a", "b"], more: true, busy: false });
    pages.more();
    pages.more(); // while it is being loaded
    asked[1]?.answer({ items: ["c"], next_cursor: null });
    await settled();
    await pages.more();
    expect(asked.map(({ what }) => what)).toEqual(["milk", "milk after b"]);
    expect(pages.state.value).toMatchObject({ items: ["a", "b", "c"], more: false });
  });

  it("answer the last question, in whatever order the answers come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), async (order) => {
        const { pages, asked } = setUp();
        for (const question of ["a", "b", "c", "d"]) pages.ask(question);
        for (const place of order) asked[place]?.answer({ items: [asked[place].what], next_cursor: null });
        await settled();
        expect(pages.state.value).toMatchObject({ items: ["d"], busy: false });
      }),
    );
  });

  it("have no more after a question that failed: the cursor before leads into another list", async () => {
    const { pages, asked } = setUp();
    pages.ask("milk");
    asked[0]?.answer({ items: ["a"], next_cursor: "a" });
    await settled();
    pages.ask("bread");
    asked[1]?.fail(new Error("no network"));
    await settled();
    expect(pages.state.value).toMatchObject({ items: ["a"], more: false, error: new Error("no network") });
    await pages.more();
    expect(asked.map(({ what }) => what)).toEqual(["milk", "bread"]);
  });

  it("keep what was found when the next page fails, and try again when asked", async () => {
    const { pages, asked } = setUp();
    pages.ask("milk");
    asked[0]?.answer({ items: ["a"], next_cursor: "a" });
    await settled();
    pages.more();
    asked[1]?.fail(new Error("no network"));
    await settled();
    expect(pages.state.value).toMatchObject({ items: ["a"], more: true, busy: false, error: new Error("no network") });
    pages.more();
    asked[2]?.answer({ items: ["b"], next_cursor: null });
    await settled();
    expect(pages.state.value).toMatchObject({ items: ["a", "b"], error: null });
  });
});

describe("every page", () => {
  it("is the whole list, or an error where that would be too long", async () => {
    const page = async (cursor: string | null) => {
      const place = Number(cursor ?? 0);
      return { items: [place], next_cursor: place === 2 ? null : String(place + 1) };
    };
    expect(await everyPage(page)).toEqual([0, 1, 2]);
    await expect(everyPage(page, 2)).rejects.toThrow(RangeError);
  });
});
