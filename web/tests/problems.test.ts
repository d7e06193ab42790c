// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { ProblemError, UnreachableError } from "../src/lib/api";
import { inWords, problemInWords } from "../src/problems";

const document = { status: 409, title: "T", detail: "In English.", request_id: "r1" };

describe("an error is told by", () => {
  it.each([
    ["state", { present: { status: "ready", version: 3 } }, "Somebody was quicker: the order is “Ready” now."],
    ["version", { present: 7 }, "Somebody changed this meanwhile. Look at how it is now, then try again."],
    ["taken", {}, "Another driver has this delivery."],
    [
      "credit",
      { present: { total_cents: 12_050, available_cents: 900 } },
      "This comes to $120.50, and $9.00 of the credit are left. Order less, or settle the account.",
    ],
    ["price", { present: [{ product_id: "p" }] }, "Prices have changed since. Look at the new ones, then order again."],
  ])("its code: %s", (code, more, words) => {
    expect(problemInWords({ ...document, code, ...more })).toBe(words);
  });

  it.each([
    [429, "That was too often. Wait a moment, then try again."],
    [413, "This is too large to be sent."],
    [503, "Larder is busy. Try again in a moment."],
    [409, "In English. (Request r1)"],
  ])("its status where the code says nothing: %i", (status, words) => {
    expect(inWords(new ProblemError({ ...document, code: "news", status }))).toBe(words);
  });

  it("what became of it where nobody answered", () => {
    expect(inWords(new UnreachableError("x"))).toContain("Look at the network");
    expect([inWords(new Error("broken")), inWords("thrown")]).toEqual(["broken", "thrown"]);
  });
});
