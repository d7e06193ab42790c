/**
 * The service worker: registered, asked for news now and then, and told when it may take over.
 *
 * A new version waits until the person agrees or every page is closed. What waits in the outbox is in no version's hands.
 */
import { live, outbox } from "../app";
import { Store } from "../lib/store";

const LOOK_MS = 60 * 60_000;

/** The new version that waits, if there is one. */
export const waiting = new Store<ServiceWorker | null>(null);

export async function keepUpdated(): Promise<void> {
  if (import.meta.env.DEV) return;
  const registration = await registered();
  if (registration === null) return;
  look(registration);
  navigator.serviceWorker.ready.then(({ active }) => {
    // A page that was still loading when the first one took over was passed over by it.
    if (navigator.serviceWorker.controller === null) active?.postMessage("claim");
  });
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", () => look(registration));
  });
  setInterval(() => navigator.onLine && registration.update(), LOOK_MS);
  // Where the browser can, it sends what waits even when every page is closed.
  outbox.actions.watch((actions) => {
    if (actions.some(({ refusal }) => refusal === null)) askToSend(registration);
  });
}

/** Null where a browser has no service workers or lets this site have none: the app needs a network to be opened then. */
async function registered(): Promise<ServiceWorkerRegistration | null> {
  try {
    return (await navigator.serviceWorker?.register("/worker.js", { updateViaCache: "none" })) ?? null;
  } catch {
    return null; // a private window, or a setting
  }
}

/** Has the new version take over, and begins anew with it. */
export function takeOver(worker: ServiceWorker): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  live.stop();
  worker.postMessage("take over");
}

function look({ waiting: worker }: ServiceWorkerRegistration): void {
  // The first one has nobody to take over from.
  if (worker !== null && navigator.serviceWorker.controller !== null) waiting.set(worker);
}

function askToSend(registration: ServiceWorkerRegistration): void {
  const { sync } = registration as { sync?: { register(tag: string): Promise<void> } };
  sync?.register("outbox").catch(() => undefined); // not allowed: then the page sends when it is opened
}
