import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { languageOf, localeOf, translator } from "../src/lib/i18n";
import { cents, money, plain, roundMoney, shortMoney, total } from "../src/lib/money";
import { bytes, count, duration, percent, shortCount, times } from "../src/lib/numbers";
import { Store } from "../src/lib/store";
import { ago, asWritten, dayIn, when, whenExactly } from "../src/lib/time";

describe("money", () => {
  it("is written as the reader writes it", () => {
    expect(money(123456, "en-US")).toBe("$1,234.56");
    expect(money(123456, "de-DE")).toBe("1.234,56\u00a0$");
    expect(money(-5, "en-US")).toBe("-$0.05");
    expect(money(0, "en-US")).toBe("$0.00");
  });

  it("has no cents in a limit of whole dollars, and never loses any", () => {
    expect(roundMoney(500_000, "en-US")).toBe("$5,000");
    expect(roundMoney(500_050, "en-US")).toBe("$5,000.50");
  });

  it("loses no cent, however large the sum", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (cents) => {
        const digits = money(cents, "en-US").replace(/[$,.]/g, "");
        expect(BigInt(digits)).toBe(BigInt(cents));
      }),
    );
  });

  it("refuses what is no whole number of cents", () => {
    for (const sum of [0.5, Number.NaN, 2 ** 53]) expect(() => money(sum, "en")).toThrow(RangeError);
  });

  it("is short where there is no room", () => {
    expect(shortMoney(1_234_567, "en-US")).toBe("$12.3K");
    expect(shortMoney(0, "en-US")).toBe("$0");
  });

  it("is typed as it is shown in a field, with the reader's mark or the other", () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), fc.constantFrom("en-US", "de-DE"), (sum, locale) => {
        expect(cents(plain(sum, locale))).toBe(sum);
      }),
    );
    expect([plain(123456, "de"), plain(5, "en")]).toEqual(["1234,56", "0.05"]);
    expect(["2", " 2.5 ", "2,50"].map(cents)).toEqual([200, 250, 250]);
    expect(["", "-1", "1.234,50", "1,2345", "$2", "2."].map(cents)).toEqual(Array(6).fill(null));
  });

  it("adds lines up", () => {
    expect(total([])).toBe(0);
    expect(
      total([
        { quantity: 3, price_cents: 199 },
        { quantity: 1, price_cents: 1 },
      ]),
    ).toBe(598);
  });
});

describe("time", () => {
  const now = Date.parse("2026-11-27T17:30:00Z");

  it("is as short as it can be understood", () => {
    expect(when("2026-11-27T17:10:00Z", now, "en-GB", "Europe/Berlin")).toBe("18:10");
    expect(when("2026-11-26T17:10:00Z", now, "en-GB", "Europe/Berlin")).toMatch(/26 Nov, 18:10/);
    expect(when("2025-11-26T17:10:00Z", now, "en-GB", "Europe/Berlin")).toBe("26 Nov 2025");
  });

  it("has its day and year where it is read later, such as on paper", () => {
    expect(whenExactly("2026-11-27T17:10:00Z", "en-GB", "Europe/Berlin")).toBe("27 Nov 2026, 18:10");
    expect(whenExactly("2026-11-27T17:10:00Z", "de", "UTC")).toBe("27.11.2026, 17:10");
  });

  it("has its hour as it is written where the reader lives", () => {
    expect(when("2026-11-27T09:05:00Z", now, "en-GB", "UTC")).toBe("09:05");
    expect(when("2026-11-27T09:05:00Z", now, "de", "UTC")).toBe("09:05");
    expect(when("2026-11-27T09:05:00Z", now, "en-US", "UTC")).toMatch(/^9:05\sAM$/);
  });

  it("is of the reader's day, not of UTC's", () => {
    expect(when("2026-11-27T23:30:00Z", now, "en-GB", "Europe/Berlin")).toMatch(/28 Nov, 00:30/);
  });

  it("says how long ago something was", () => {
    expect(ago(now - 110_000, now, "en")).toBe("2 minutes ago");
    expect(ago(now - 3_000, now, "en")).toBe("3 seconds ago");
    expect(ago(now + 7_200_000, now, "de")).toBe("in 2 Stunden");
    expect(ago(now - 86_400_000, now, "en")).toBe("yesterday");
  });
});

describe("moments of another zone", () => {
  it("are as its clocks show them", () => {
    const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
    expect(asWritten("2026-11-01T00:00:00-05:00", "en-GB", options)).toMatch(/^1 Nov.* 00:00$/);
    expect(asWritten("2026-11-01T23:30:00.123456Z", "en-GB", options)).toMatch(/^1 Nov.* 23:30$/);
  });

  it("are of its day", () => {
    const now = Date.parse("2026-11-27T23:30:00Z");
    expect(dayIn("UTC", now)).toBe("2026-11-27");
    expect(dayIn("Europe/Berlin", now)).toBe("2026-11-28");
  });
});

describe("numbers", () => {
  it("say as much as can be told", () => {
    expect([1234567, 12.345, 1234.5, 0.0345].map((value) => count(value, "en"))).toEqual([
      "1,234,567",
      "12",
      "1,235",
      "0.035",
    ]);
    expect(shortCount(12_345, "en")).toBe("12.3K");
    expect(percent(0.93124, "en")).toBe("93.1%");
    expect([1.84, 12.4].map((factor) => times(factor, "en"))).toEqual(["×1.8", "×12"]);
  });

  it("are in the largest unit that there is one of", () => {
    expect([0, 999, 1_500_000, 12_345_678_901].map((size) => bytes(size, "en"))).toEqual([
      "0 byte",
      "999 byte",
      "1.5 MB",
      "12 GB",
    ]);
    const day = 86_400_000;
    expect([0.42, 12, 3500, 90_000, 5_400_000, 3 * day].map((ms) => duration(ms, "en"))).toEqual([
      "0.42 ms",
      "12 ms",
      "3.5 sec",
      "1.5 min",
      "1.5 hr",
      "3 days",
    ]);
  });
});

describe("texts", () => {
  const texts = {
    en: { greeting: "Hello, {name}", lines: { one: "{count} line", other: "{count} lines" } },
    de: { greeting: "Hallo, {name}", lines: { one: "{count} Position", other: "{count} Positionen" } },
  };

  it("take values and plurals, numbers as the reader writes them", () => {
    const say = translator(texts, "en", "en-GB");
    expect(say("greeting", { name: "Ada" })).toBe("Hello, Ada");
    expect([1, 2].map((count) => say("lines", { count }))).toEqual(["1 line", "2 lines"]);
    expect(translator(texts, "de", "de")("lines", { count: 1234 })).toBe("1.234 Positionen");
  });

  it("refuse to leave a gap", () => {
    expect(() => translator(texts, "en", "en")("greeting")).toThrow(/name/);
  });

  it("are in the first language of the reader's that there is, their sums in the reader's own locale", () => {
    expect(languageOf(["fr-FR", "de-AT", "en"])).toBe("de");
    expect(languageOf(["fr"])).toBe("en");
    expect(localeOf("de", ["fr-FR", "de-AT"])).toBe("de-AT");
    expect(localeOf("en", ["de-AT"])).toBe("en");
  });
});

describe("a store", () => {
  it("tells of every change, in order, and of nothing else", () => {
    const store = new Store(1);
    const heard: number[] = [];
    const stop = store.watch((value) => heard.push(value));
    for (const value of [1, 2, 2, 3]) store.set(value);
    stop();
    store.set(4);
    expect(heard).toEqual([2, 3]);
    expect(store.value).toBe(4);
  });
});
