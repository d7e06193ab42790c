/** What the figures ask of analytics. */
import { api } from "../../app";
import { answer } from "../../lib/api";

let zone: Promise<string> | null = null;

/** The zone whose days are counted: the business's. It does not change while a page is open, so it is asked once. */
export function businessZone(): Promise<string> {
  zone ??= answer(api.GET("/api/analytics/projection")).then(
    (projection) => projection.zone,
    (error) => {
      zone = null;
      throw error;
    },
  );
  return zone;
}
