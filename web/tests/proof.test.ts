import { describe, expect, test } from "vitest";
import { firstThatFits, MOST_BYTES, sizeOf } from "../src/ui/proof/picture";
import { isWritten, type Paper, write } from "../src/ui/proof/signature";

describe("a photo", () => {
  test("is made smaller until it fits, and no smaller", async () => {
    const tried: number[] = [];
    const made = await firstThatFits(async (edge) => {
      tried.push(edge);
      return { size: edge * 230 };
    });
    expect(tried).toEqual([1280, 1024, 800]);
    expect(made.size).toBeLessThanOrEqual(MOST_BYTES);
  });

  test("that never fits is an error, not a picture that the server refuses", async () => {
    await expect(firstThatFits(async () => ({ size: MOST_BYTES + 1 }))).rejects.toThrow(RangeError);
  });

  test("keeps its shape, and is never blown up", () => {
    expect(sizeOf(4000, 3000, 1280)).toEqual({ width: 1280, height: 960 });
    expect(sizeOf(3000, 4000, 1280)).toEqual({ width: 960, height: 1280 });
    expect(sizeOf(300, 200, 1280)).toEqual({ width: 300, height: 200 });
    expect(sizeOf(5000, 1, 480)).toEqual({ width: 480, height: 1 });
  });
});

describe("a signature", () => {
  test("is more than a touch", () => {
    expect(isWritten([])).toBe(false);
    expect(isWritten([[{ x: 10, y: 10 }]])).toBe(false);
    expect(
      isWritten([
        [
          { x: 10, y: 10 },
          { x: 20, y: 10 },
        ],
      ]),
    ).toBe(false);
    expect(
      isWritten([
        [
          { x: 10, y: 10 },
          { x: 50, y: 40 },
        ],
        [
          { x: 0, y: 0 },
          { x: 0, y: 30 },
        ],
      ]),
    ).toBe(true);
  });

  test("is written stroke by stroke on a white ground", () => {
    const done: string[] = [];
    const note =
      (name: string) =>
      (...values: number[]) =>
        void done.push(`${name} ${values.join(" ")}`.trim());
    const paper = new Proxy({} as Paper, { get: (_, name) => note(String(name)), set: () => true });
    write(paper, [
      [
        { x: 1, y: 1 },
        { x: 3, y: 1 },
      ],
      [],
      [{ x: 5, y: 5 }],
    ]);
    expect(done).toEqual([
      "fillRect 0 0 640 240",
      ...["beginPath", "moveTo 1 1", "quadraticCurveTo 1 1 2 1", "quadraticCurveTo 3 1 3 1", "stroke"],
      ...["beginPath", "moveTo 5 5", "quadraticCurveTo 5 5 5 5", "stroke"],
    ]);
  });
});
