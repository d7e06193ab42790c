/** What of the database's numbers wants a look, and how urgently. Pure: the same bounds as the rules of the alerts where
 * there is one (services/analytics/alerts.toml). */
import type { Tone } from "../../ui/pieces";

/** How busy a pool or the server's connections are: from 80 % on somebody will wait. */
export function toneOfUse(used: number, limit: number): Tone {
  if (limit === 0) return "plain";
  const share = used / limit;
  return share >= 0.95 ? "bad" : share >= 0.8 ? "warm" : "good";
}

/** A replica may be a second behind, an event may wait five. */
export function toneOfLag(seconds: number | null, most: number): Tone {
  if (seconds === null) return "plain";
  return seconds > most ? "bad" : seconds > most / 2 ? "warm" : "good";
}

export const MOST_REPLICA_LAG_S = 1;
export const MOST_OUTBOX_S = 5;

/** What takes twice as long as before is worth a look, and half as long good to know. */
export function toneOfChange(factor: number | null): Tone {
  if (factor === null) return "plain";
  return factor >= 2 ? "bad" : factor >= 1.3 ? "warm" : factor <= 0.5 ? "good" : "plain";
}

/** Vacuum of its own accord comes at a fifth dead. */
export function toneOfDead(share: number): Tone {
  return share >= 0.4 ? "bad" : share >= 0.2 ? "warm" : "plain";
}
