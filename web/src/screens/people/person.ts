/**
 * A person between their form and the api. Pure.
 *
 * Invariant: a role comes with what belongs to it, a restaurant or a zone, and with nothing else: what was typed for
 * another role before is not sent.
 */
import type { components } from "../../generated/accounts";

export type Person = components["schemas"]["Person"];
export type Role = Person["role"];
export type Typed = Pick<Person, "name" | "role" | "restaurant_id" | "zone" | "active">;

export const ROLES: readonly Role[] = ["restaurant", "driver", "admin"];
/** What of a person is seen as a change. */
export const FIELDS = ["name", "role", "restaurant_id", "zone", "active"] as const;

/** What was typed, or the names of the fields that hold no such thing. Texts are the server's to judge. */
export function typed(fields: FormData): Typed | Set<"zone" | "restaurant_id"> {
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  const role = text("role") as Role;
  const zone = /^\d{1,7}$/.test(text("zone")) ? Number(text("zone")) : null;
  const restaurant_id = text("restaurant_id") || null;
  if (role === "driver" && zone === null) return new Set(["zone"]);
  if (role === "restaurant" && restaurant_id === null) return new Set(["restaurant_id"]);
  return {
    name: text("name"),
    role,
    restaurant_id: role === "restaurant" ? restaurant_id : null,
    zone: role === "driver" ? zone : null,
    active: fields.has("active"),
  };
}
