/** The client's composition root: the one place that knows the browser and puts `lib` together. */
import { answer, makeApi, makeCall } from "./lib/api";
import { CartShelf } from "./lib/cart";
import { browserClock } from "./lib/clock";
import { Copies } from "./lib/copies";
import { languageOf, localeOf, type Texts, translator } from "./lib/i18n";
import { Live, type Socket } from "./lib/live";
import { Memory } from "./lib/memory";
import { Outbox } from "./lib/outbox";
import { Positions } from "./lib/positions";
import { Read } from "./lib/read";
import { MEMORY, Session } from "./lib/session";

const RENEWAL = "/api/accounts/sessions/current/token";

export const clock = browserClock;
export const chance = Math.random;
const positions = new Positions();
const call = makeCall({ signedOut: () => session.ended(), positions });
export const api = makeApi({}, call);

const ticket = async () => (await answer(api.POST("/api/realtime/tickets"))).ticket;

export const live = new Live({
  open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`, "larder.v1") as Socket,
  ticket,
  async renewedTicket() {
    await answer(api.POST(RENEWAL));
    return ticket();
  },
  clock,
  chance,
  position: (position) => positions.hear(position),
  surroundings: {
    online: () => navigator.onLine,
    visible: () => document.visibilityState === "visible",
    watch(changed) {
      const stop = new AbortController();
      for (const name of ["online", "offline"]) addEventListener(name, changed, stop);
      document.addEventListener("visibilitychange", changed, stop);
      return () => stop.abort();
    },
  },
});

export const outbox = new Outbox({
  send: call,
  locks: navigator.locks,
  clock,
  chance,
  newKey: () => crypto.randomUUID(),
  channel: new BroadcastChannel("larder-outbox"),
});

export const copies = new Copies();

export const memory = new Memory(() => localStorage);

export const session = new Session({ api, live, belongings: [outbox, copies], memory });

/** An answer that is kept under this name for a time without network; null: it is not. `useRead` shows it. */
export function read<T>(name: string | null, ask: () => Promise<T>): Read<T> {
  return new Read({ name, ask, copies, clock, chance });
}

export const cartShelf = new CartShelf(memory, () => crypto.randomUUID());

const LANGUAGE = "larder.language";
const wanted = [memory.getItem(LANGUAGE) ?? [], navigator.languages].flat();
export const language = languageOf(wanted);
export const locale = localeOf(language, navigator.languages);

/** The texts of a screen, in the reader's language: `const say = texts({en: {...}, de: {...}})`. */
export function texts<Name extends string>(all: Texts<Name>): ReturnType<typeof translator<Name>> {
  return translator(all, language, locale);
}

/** From now on, in this browser. A page has its words from its beginning, so it begins anew. */
export function speak(next: string): void {
  memory.setItem(LANGUAGE, next);
  location.reload();
}

/** Everything that runs by itself. */
export async function start(): Promise<void> {
  document.documentElement.lang = language;
  session.person.watch((person) => cartShelf.belongTo(person?.id ?? null));
  window.addEventListener("storage", ({ key }) => {
    if (key === MEMORY) session.follow();
    if (cartShelf.concerns(key)) cartShelf.reload();
  });
  window.addEventListener("online", () => {
    session.reconnected();
    outbox.flush();
  });
  live.status.watch(({ is }) => {
    if (is === "live") outbox.flush();
  });
  await session.restore();
}
