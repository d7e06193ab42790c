/**
 * Asks the browser, as soon as something waits without a connection, to keep this site's storage: one that was never
 * asked may clear it when the disk is full, or after a week without a visit. Not before, for some browsers ask the person.
 * One that says no keeps it as before.
 */
import { live, outbox } from "../app";

export function keepWhatWaits(): void {
  if (navigator.storage?.persist === undefined) return;
  const stop = outbox.actions.watch((actions) => {
    if (live.status.value.is === "live" || actions.every(({ refusal }) => refusal !== null)) return;
    stop();
    navigator.storage.persist();
  });
}
