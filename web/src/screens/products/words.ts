/** A product's fields and their values, in words. */
import { locale } from "../../app";
import { money } from "../../lib/money";
import type { Words } from "../../ui/Changes";
import { FieldsError } from "../../ui/form";
import { type Typed, typed } from "./product";
import { say } from "./texts";

const NAMES = {
  sku: "sku",
  name: "name",
  category: "category",
  unit: "unit",
  price_cents: "price_cents",
  stock: "stock",
  active: "sell",
} as const;

export const WORDS: Words = {
  nameOf: (field) => (field in NAMES ? say(NAMES[field as keyof typeof NAMES]) : field),
  show(field, value) {
    if (field === "price_cents" && typeof value === "number") return money(value, locale);
    if (field === "stock") return value === null ? say("notCounted") : Number(value).toLocaleString(locale);
    if (typeof value === "boolean") return say(value ? "yes" : "no");
    return value === null || value === undefined ? say("nothing") : String(value);
  },
};

const WRONG = { price_cents: "priceWrong", stock: "stockWrong" } as const;

/** What was typed. Throws FieldsError. */
export function read(fields: FormData): Typed {
  const found = typed(fields);
  if (!(found instanceof Set)) return found;
  throw new FieldsError(new Map([...found].map((field) => [field, say(WRONG[field])])));
}
