// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { ProblemError, UnreachableError } from "../src/lib/api";
import { fieldInWords, inWords, problemInWords } from "../src/problems";

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
    ["price", { present: { id: "p" } }, "A product that is sold needs a price."],
    ["email", {}, "Somebody has this address already."],
    ["internal", {}, "Something went wrong at Larder. Try again, and if that does not help, tell us: request r1."],
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

describe("what is wrong with a field is told", () => {
  it.each([
    [{ field: "name", code: "required" as const }, "Something is missing."],
    [{ field: "name", code: "short" as const, limit: 1 }, "Something is missing."],
    [{ field: "password", code: "short" as const, limit: 10 }, "Too short: at least 10 characters."],
    [{ field: "zone", code: "large" as const, limit: 1_000_000 }, "Too much: at most 1,000,000."],
    [{ field: "credit_limit_cents", code: "large" as const, limit: 10 ** 12 }, "Too much: at most $10,000,000,000.00."],
    [{ field: "email", code: "taken" as const }, "It is taken. Choose another one."],
    [{ field: "email", code: "form" as const }, "It is not written as it has to be."],
  ])("in words: %o", (error, words) => {
    expect(fieldInWords({ detail: "Expected `str` matching regex", ...error })).toBe(words);
  });

  it("as the server says it, where that has no code", () => {
    expect(fieldInWords({ field: "timezone", detail: "is no zone" })).toBe("is no zone");
  });

  it("of the whole when all of them are known here, and else with the request", () => {
    const errors = [
      { field: "amount_cents", detail: "Expected", code: "large" as const, limit: 100 },
      { field: "reference", detail: "Expected", code: "form" as const },
    ];
    const invalid = { ...document, status: 400, code: "invalid" };
    expect(problemInWords({ ...invalid, errors })).toBe(
      "This cannot be accepted. Too much: at most $1.00. It is not written as it has to be.",
    );
    expect(problemInWords({ ...invalid, errors: [{ field: "timezone", detail: "is no zone" }] })).toBe(
      "In English. (Request r1)",
    );
  });
});
