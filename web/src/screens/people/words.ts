/** A person's fields and their values, in words. */
import type { Words } from "../../ui/Changes";
import { FieldsError } from "../../ui/form";
import { type Role, type Typed, typed } from "./person";
import { say } from "./texts";

/** `restaurants`: their names by id. */
export function wordsOf(restaurants: ReadonlyMap<string, string>): Words {
  return {
    nameOf: (field) => say(field as Parameters<typeof say>[0]),
    show(field, value) {
      if (value === null) return say("nothing");
      if (typeof value === "boolean") return say(value ? "yes" : "no");
      if (field === "role") return say(value as Role);
      return restaurants.get(String(value)) ?? String(value);
    },
  };
}

const WRONG = { zone: "zoneWrong", restaurant_id: "restaurantMissing" } as const;

/** What was typed. Throws FieldsError. */
export function read(fields: FormData): Typed {
  const found = typed(fields);
  if (!(found instanceof Set)) return found;
  throw new FieldsError(new Map([...found].map((field) => [field, say(WRONG[field])])));
}
