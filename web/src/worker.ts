/**
 * The service worker: the app without a network, and what waits in the outbox sent when the network is back.
 *
 * Owns a cache a build, with every file of it. Invariants: a page is only ever given files of one build; a new build
 * takes over when its page asks for it or when no page is open, never under somebody's hands. Actions wait in IndexedDB,
 * which no build owns, so an update loses none. Answers of the API are never kept here.
 */
import { makeCall } from "./lib/api";
import { browserClock } from "./lib/clock";
import { Outbox } from "./lib/outbox";

/** Written in by the build: the paths of all its files, and its name. */
declare const SHELL: readonly string[];
declare const BUILD: string;
declare const self: ServiceWorkerGlobalScope;

interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

const PREFIX = "shell-";
const CACHE = PREFIX + BUILD;
/** This build and the one before: its pages may still be open, and load a part of it late. */
const KEPT = 2;

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "claim") event.waitUntil(self.clients.claim());
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    // Addresses of the app have no dot; all of them are the one page.
    if (!pathname.startsWith("/api/") && !pathname.includes(".")) event.respondWith(kept("/", request));
  } else if (SHELL.includes(pathname) || pathname.startsWith("/assets/")) {
    event.respondWith(kept(pathname, request));
  }
});
// Chromium alone has it; elsewhere the page sends when it is opened or online again.
self.addEventListener("sync" as "message", (event) => {
  if ((event as unknown as SyncEvent).tag === "outbox") event.waitUntil(send());
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.map((path) => new Request(path, { cache: "no-cache" })));
}

async function takeOver(): Promise<void> {
  const shells = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  for (const name of shells.slice(0, Math.max(0, shells.length - (KEPT - 1)))) await caches.delete(name);
  await self.clients.claim();
}

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? (await caches.match(path)) ?? fetch(request);
}

/** Throws when something is left, so that the browser tries again later. */
async function send(): Promise<void> {
  const outbox = new Outbox({
    send: makeCall(), // its token may have run out while every page was closed: it is renewed
    locks: navigator.locks,
    clock: browserClock,
    chance: Math.random,
    newKey: () => crypto.randomUUID(),
    channel: new BroadcastChannel("larder-outbox"),
  });
  try {
    await outbox.flush();
    const left = outbox.actions.value.filter(({ refusal }) => refusal === null).length;
    if (left > 0) throw new Error(`${left} actions still wait`);
  } finally {
    await outbox.close();
  }
}
