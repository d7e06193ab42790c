/** A restaurant's fields and their values, in words. */
import { locale } from "../../app";
import { money } from "../../lib/money";
import type { Words } from "../../ui/Changes";
import { FieldsError } from "../../ui/form";
import { type Measured, type Restaurant, type Typed, typed } from "./restaurant";
import { say } from "./texts";

export const WORDS: Words = {
  nameOf: (field) => say(field as Parameters<typeof say>[0]),
  show(field, value) {
    if (field === "credit_limit_cents") return money(Number(value), locale);
    if (field === "location") {
      const { lat, lon } = value as Restaurant["location"];
      return `${lat}, ${lon}`;
    }
    return typeof value === "boolean" ? say(value ? "yes" : "no") : String(value);
  },
};

const WRONG = {
  "location.lat": "degreesWrong",
  "location.lon": "degreesWrong",
  zone: "zoneWrong",
  credit_limit_cents: "creditWrong",
} as const satisfies Record<Measured, string>;

/** What was typed. Throws FieldsError. */
export function read(fields: FormData): Typed {
  const found = typed(fields);
  if (!(found instanceof Set)) return found;
  throw new FieldsError(new Map([...found].map((field) => [field, say(WRONG[field])])));
}
