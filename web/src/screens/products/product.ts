/** A product between its form and the api. Pure: words and locale are given. */
import type { components } from "../../generated/catalog";
import { cents } from "../../lib/money";

export type Product = components["schemas"]["Product"];
export type Typed = Pick<Product, "name" | "category" | "unit" | "price_cents" | "stock" | "active">;

/** What of a product people see as a change. */
export const FIELDS = ["name", "category", "unit", "price_cents", "stock", "active"] as const;

/** What was typed, or the names of the fields that hold no such thing. Texts are the server's to judge. */
export function typed(fields: FormData): Typed | Set<"price_cents" | "stock"> {
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  const price_cents = cents(text("price_cents"));
  const pieces = text("stock");
  const wrong = new Set<"price_cents" | "stock">();
  if (price_cents === null) wrong.add("price_cents");
  if (pieces !== "" && !/^\d{1,10}$/.test(pieces)) wrong.add("stock");
  if (price_cents === null || wrong.size > 0) return wrong;
  return {
    name: text("name"),
    category: text("category"),
    unit: text("unit"),
    price_cents,
    stock: pieces === "" ? null : Number(pieces),
    active: fields.has("active"),
  };
}
