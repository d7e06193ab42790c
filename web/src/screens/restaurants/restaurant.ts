/** A restaurant between its form and the api. Pure. */
import type { components } from "../../generated/accounts";
import { cents } from "../../lib/money";

export type Restaurant = components["schemas"]["Restaurant"];
export type Typed = Pick<Restaurant, "name" | "address" | "location" | "zone" | "credit_limit_cents" | "active">;

/** What of a restaurant is seen as a change. */
export const FIELDS = ["name", "address", "location", "zone", "credit_limit_cents", "active"] as const;

/** The fields that hold something else than text, by the api's names. */
export type Measured = "location.lat" | "location.lon" | "zone" | "credit_limit_cents";

/** 39.12 or 39,12; null for what is no number. */
export function degrees(text: string): number | null {
  return /^-?\d{1,3}([.,]\d{1,12})?$/.test(text) ? Number(text.replace(",", ".")) : null;
}

/** What was typed, or the names of the fields that hold no such thing. Texts and bounds are the server's to judge. */
export function typed(fields: FormData): Typed | Set<Measured> {
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  const lat = degrees(text("location.lat"));
  const lon = degrees(text("location.lon"));
  const zone = /^\d{1,7}$/.test(text("zone")) ? Number(text("zone")) : null;
  const credit_limit_cents = cents(text("credit_limit_cents"));
  if (lat === null || lon === null || zone === null || credit_limit_cents === null) {
    const read = { "location.lat": lat, "location.lon": lon, zone, credit_limit_cents };
    return new Set((Object.keys(read) as Measured[]).filter((name) => read[name] === null));
  }
  return {
    name: text("name"),
    address: text("address"),
    location: { lat, lon },
    zone,
    credit_limit_cents,
    active: fields.has("active"),
  };
}
