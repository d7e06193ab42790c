/**
 * What people did and the server has not answered yet, in IndexedDB: it survives a closed browser, an update of the
 * app and a night without network, and is done once.
 *
 * Invariants: an action's idempotency key is made with the action and never changes, so sending it twice does it once.
 * Actions go one at a time, the oldest first, from one tab (`navigator.locks`), and only in the name of the person who
 * did them. One stays until it was answered: it is done, or the server says why it never will be; then it stays too, as
 * refused, until somebody has read that. No network, 5xx, 429, 401 and what is no answer of Larder's keep it waiting.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { type ProblemDocument, ProblemError, problemOf } from "./api";
import { backoff, type Chance, type Clock } from "./clock";
import { Store } from "./store";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Something to be done: `kind` and `about` are for the words in which it is shown. */
export interface Deed {
  kind: string;
  about: Record<string, string | number>;
  method: "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  body: Json;
}

export interface Action extends Deed {
  /** The order in which they were done, over all tabs. */
  seq: number;
  key: string;
  person: string;
  at: number;
  /** Why the server will never do it; null while it waits. */
  refusal: ProblemDocument | null;
}

interface Shelf extends DBSchema {
  actions: { key: number; value: Action };
  /** Who is signed in here, under "person": a service worker has no other way to know. */
  who: { key: string; value: string };
}

export interface OutboxOptions {
  send(request: Request): Promise<Response>;
  locks: Pick<LockManager, "request">;
  clock: Clock;
  chance: Chance;
  newKey(): string;
  /** Where requests go; a page's own origin in a browser. */
  base?: string;
  name?: string;
  /** Tells other tabs that the shelf changed, and hears it of them. */
  channel?: Pick<BroadcastChannel, "postMessage" | "addEventListener" | "close">;
}

export const SEND_MS = 20_000;
const LOCK = "larder-outbox";
const PERSON = "person";

type Outcome =
  | { is: "done"; answer: Json }
  | { is: "refused"; problem: ProblemDocument }
  | { is: "later"; ms?: number };

export class Outbox {
  /** The present person's actions, the oldest first. */
  readonly actions = new Store<readonly Action[]>([]);
  readonly #options: OutboxOptions;
  readonly #whenDone = new Set<(action: Action, answer: Json) => void>();
  readonly #shelf: Promise<IDBPDatabase<Shelf>>;
  #flushing: Promise<void> | null = null;
  #again = false;
  #tries = 0;
  #stopRetry = () => {};

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#shelf = openDB<Shelf>(options.name ?? "larder", 1, {
      upgrade(shelf) {
        shelf.createObjectStore("actions", { keyPath: "seq", autoIncrement: true });
        shelf.createObjectStore("who");
      },
    });
    options.channel?.addEventListener("message", () => this.#reload());
    this.#reload();
  }

  /** In whose name actions go from here on; null: in nobody's, and all wait. To be called before anybody signs in. */
  async belongTo(person: string | null): Promise<void> {
    const shelf = await this.#shelf;
    if (person === null) await shelf.delete("who", PERSON);
    else await shelf.put("who", person, PERSON);
    await this.#changed();
    this.flush();
  }

  /** Keeps it, and tries it at once. When this returns it cannot be lost any more. Throws when nobody is signed in. */
  async add(deed: Deed): Promise<string> {
    const shelf = await this.#shelf;
    const key = this.#options.newKey();
    const transaction = shelf.transaction(["actions", "who"], "readwrite", { durability: "strict" });
    const person = await transaction.objectStore("who").get(PERSON);
    if (person === undefined) throw new Error("nobody is signed in");
    const action = { ...deed, key, person, at: this.#options.clock.now(), refusal: null };
    await transaction.objectStore("actions").add(action as unknown as Action); // the shelf gives it its seq
    await transaction.done;
    await this.#changed();
    this.flush();
    return key;
  }

  /** Takes back what still waits, or what was refused and has been read. What is being sent may be done all the same. */
  async remove(key: string): Promise<void> {
    const shelf = await this.#shelf;
    const action = (await shelf.getAll("actions")).find((each) => each.key === key);
    if (action !== undefined) await shelf.delete("actions", action.seq);
    await this.#changed();
  }

  /** Hears what the server answered to each action that is done, in this tab; others see it by their own feeds. */
  whenDone(listener: (action: Action, answer: Json) => void): () => void {
    this.#whenDone.add(listener);
    return () => {
      this.#whenDone.delete(listener);
    };
  }

  /** Sends what waits; returns when nothing does, or when the rest has to wait. Called at every sign of a network. */
  flush(): Promise<void> {
    this.#again = true;
    this.#flushing ??= this.#flushAll();
    return this.#flushing;
  }

  /** Lets go of the shelf. */
  async close(): Promise<void> {
    this.#stopRetry();
    this.#options.channel?.close();
    (await this.#shelf).close();
  }

  async #flushAll(): Promise<void> {
    this.#stopRetry();
    try {
      while (this.#again) {
        this.#again = false;
        await this.#options.locks.request(LOCK, () => this.#drain());
      }
    } finally {
      this.#flushing = null; // in the turn that saw nothing to do again: who asks after it begins anew
    }
  }

  async #drain(): Promise<void> {
    for (let action = await this.#next(); action !== undefined; action = await this.#next()) {
      const outcome = await this.#send(action);
      if (outcome.is === "later") return this.#retry(outcome.ms);
      this.#tries = 0;
      const shelf = await this.#shelf;
      if (outcome.is === "done") await shelf.delete("actions", action.seq);
      else await shelf.put("actions", { ...action, refusal: outcome.problem });
      await this.#changed();
      if (outcome.is === "done") for (const tell of [...this.#whenDone]) tell(action, outcome.answer);
    }
  }

  /** The oldest that waits, read anew each time: it may have been taken back, or somebody else may have signed in. */
  async #next(): Promise<Action | undefined> {
    return (await this.#mine()).find((action) => action.refusal === null);
  }

  async #mine(): Promise<Action[]> {
    const shelf = await this.#shelf;
    const transaction = shelf.transaction(["actions", "who"]);
    const [person, actions] = await Promise.all([
      transaction.objectStore("who").get(PERSON),
      transaction.objectStore("actions").getAll(),
    ]);
    return actions.filter((action) => action.person === person);
  }

  async #send(action: Action): Promise<Outcome> {
    const request = new Request(`${this.#options.base ?? ""}${action.path}`, {
      method: action.method,
      headers: { "Content-Type": "application/json", "Idempotency-Key": action.key },
      body: JSON.stringify(action.body),
      signal: AbortSignal.timeout(SEND_MS),
    });
    try {
      return await judge(await this.#options.send(request));
    } catch (error) {
      if (error instanceof ProblemError) return judgeProblem(error);
      return { is: "later" }; // nobody answered, or not to the end
    }
  }

  #retry(asked: number | undefined): void {
    const wait = (asked ?? 0) + backoff(this.#tries++, this.#options.chance(), 2000, 60_000);
    this.#stopRetry();
    this.#stopRetry = this.#options.clock.after(wait, () => this.flush());
  }

  async #changed(): Promise<void> {
    this.#options.channel?.postMessage("changed");
    await this.#reload();
  }

  async #reload(): Promise<void> {
    this.actions.set(await this.#mine());
  }
}

async function judge(response: Response): Promise<Outcome> {
  if (!response.ok) return judgeProblem(await problemOf(response));
  if (response.status === 204) return { is: "done", answer: null };
  const json = response.headers.get("Content-Type")?.startsWith("application/json") ?? false;
  // A hotel's sign-in page answers 200 to everything.
  if (response.redirected || !json) return { is: "later" };
  return { is: "done", answer: await response.json() };
}

function judgeProblem(error: ProblemError): Outcome {
  const { status } = error;
  const waits = status >= 500 || status === 429 || status === 401 || status < 400;
  if (!waits) return { is: "refused", problem: error.problem };
  return error.retryAfterMs === undefined ? { is: "later" } : { is: "later", ms: error.retryAfterMs };
}
