/**
 * What people did and the server has not answered yet, on a shelf of the browser's: it survives a closed browser, an
 * update of the app and a night without network, and is done once.
 *
 * Invariants: an action's idempotency key is made with the action and never changes, so sending it twice does it once.
 * Actions go one at a time, the oldest first, from one tab (`navigator.locks`), and only in the name of the person who
 * did them. One stays until it was answered: it is done, or the server says why it never will be; then it stays too, as
 * refused, until somebody has read that. What is no answer of Larder's, and what may be answered well another time
 * (`isPassing`), keeps it waiting.
 */
import type { Action, Deed, Json } from "./action";
import { type Call, isPassing, type ProblemDocument, ProblemError } from "./api";
import type { Chance, Clock } from "./clock";
import { type NewAction, openShelf, type Shelf } from "./shelf";
import { Store } from "./store";
import { Tries } from "./tries";

export interface OutboxOptions {
  /** As `makeCall` makes it: what is no good answer of Larder's is thrown. */
  send: Call;
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

const LOCK = "larder-outbox";
/** Wet hands tap twice: the same again within this time was not meant twice. */
const TWICE_MS = 1000;
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 60_000;

type Outcome =
  | { is: "done"; answer: Json }
  | { is: "refused"; problem: ProblemDocument }
  | { is: "later"; error: unknown };

export class Outbox {
  /** The present person's actions, the oldest first. */
  readonly actions = new Store<readonly Action[]>([]);
  /** False where this browser lets nothing be kept: what waits is gone with the page. */
  readonly lasting = new Store(true);
  /** Why the last one could not be kept, such as a full disk; null when it was. */
  readonly trouble = new Store<Error | null>(null);
  readonly #options: OutboxOptions;
  readonly #shelf: Promise<Shelf>;
  readonly #tries: Tries;
  readonly #whenSent = new Set<(action: Action) => void>();
  readonly #whenDone = new Set<(action: Action, answer: Json) => void>();
  /** One is kept after the other, so that each sees what was kept before it. */
  #keeping: Promise<unknown> = Promise.resolve();
  #flushing: Promise<void> | null = null;
  #again = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#tries = new Tries(options.clock, options.chance);
    this.#shelf = openShelf(options.name ?? "larder", () => this.flush());
    this.#shelf.then(({ lasting }) => this.lasting.set(lasting));
    options.channel?.addEventListener("message", () => this.#reload());
    this.#reload();
  }

  /** In whose name actions go from here on; null: in nobody's, and all wait. To be called before anybody signs in. */
  async belongTo(person: string | null): Promise<void> {
    await (await this.#shelf).become(person);
    await this.#changed();
    this.flush();
  }

  /**
   * Keeps it, and tries it at once. When this returns it cannot be lost any more. Whoever gives a key of their own may ask
   * twice, and it is kept once; so is what waits already and was done a moment ago, under the key that is answered. Throws
   * when nobody is signed in.
   */
  async add(deed: Deed, key = this.#options.newKey()): Promise<string> {
    const [kept] = await this.#keepNext([{ ...deed, key, at: this.#options.clock.now(), refusal: null }]);
    return kept as string;
  }

  /** The same for what belongs together: all of them are kept, in this order, or none is. */
  async addAll(deeds: readonly Deed[]): Promise<void> {
    const at = this.#options.clock.now();
    await this.#keepNext(deeds.map((deed) => ({ ...deed, key: this.#options.newKey(), at, refusal: null })));
  }

  #keepNext(actions: readonly NewAction[]): Promise<string[]> {
    const kept = this.#keeping.then(() => this.#keep(actions));
    this.#keeping = kept.catch(() => undefined); // who asked for it is told
    return kept;
  }

  /** Under which keys they are. */
  async #keep(actions: readonly NewAction[]): Promise<string[]> {
    const shelf = await this.#shelf;
    let keys: string[];
    try {
      const mine = await this.#mine();
      const twins = actions.map((action) => twinOf(action, mine));
      await shelf.add(actions.filter((_, place) => twins[place] === undefined));
      keys = actions.map(({ key }, place) => twins[place]?.key ?? key);
    } catch (error) {
      this.trouble.set(error as Error);
      throw error;
    }
    this.trouble.set(null);
    await this.#changed();
    this.flush();
    return keys;
  }

  /** Takes back what still waits, or what was refused and has been read. What is being sent may be done all the same. */
  async remove(key: string): Promise<void> {
    const shelf = await this.#shelf;
    const action = (await shelf.look()).actions.find((each) => each.key === key);
    if (action !== undefined) await shelf.delete(action.seq);
    await this.#changed();
  }

  /** Hears what the server answered to each action that is done, in this tab; others see it by their own feeds. */
  whenDone(listener: (action: Action, answer: Json) => void): () => void {
    this.#whenDone.add(listener);
    return () => {
      this.#whenDone.delete(listener);
    };
  }

  /** Hears of each action that this tab sends, at the moment when it does. */
  whenSent(listener: (action: Action) => void): () => void {
    this.#whenSent.add(listener);
    return () => {
      this.#whenSent.delete(listener);
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
    this.#tries.stop();
    this.#options.channel?.close();
    await (await this.#shelf).close();
  }

  async #flushAll(): Promise<void> {
    this.#tries.stop();
    try {
      while (this.#again) {
        this.#again = false;
        await this.#options.locks.request(LOCK, () => this.#drain());
      }
    } catch (error) {
      this.#retry(error); // the shelf could not be read: what is on it still waits
      throw error;
    } finally {
      this.#flushing = null; // in the turn that saw nothing to do again: who asks after it begins anew
    }
  }

  async #drain(): Promise<void> {
    for (let action = await this.#next(); action !== undefined; action = await this.#next()) {
      const outcome = await this.#send(action);
      if (outcome.is === "later") return this.#retry(outcome.error);
      this.#tries.succeeded();
      const shelf = await this.#shelf;
      if (outcome.is === "done") await shelf.delete(action.seq);
      else await shelf.put({ ...action, refusal: outcome.problem });
      await this.#changed();
      if (outcome.is === "done") for (const tell of [...this.#whenDone]) tell(action, outcome.answer);
    }
  }

  /** The oldest that waits, read anew each time: it may have been taken back, or somebody else may have signed in. */
  async #next(): Promise<Action | undefined> {
    await this.#reload();
    return this.actions.value.find((action) => action.refusal === null);
  }

  async #mine(): Promise<Action[]> {
    const { person, actions } = await (await this.#shelf).look();
    return actions.filter((action) => action.person === person);
  }

  async #send(action: Action): Promise<Outcome> {
    const request = new Request(`${this.#options.base ?? ""}${action.path}`, {
      method: action.method,
      headers: { "Content-Type": "application/json", "Idempotency-Key": action.key },
      body: JSON.stringify(action.body),
    });
    for (const tell of [...this.#whenSent]) tell(action);
    try {
      const response = await this.#options.send(request);
      return { is: "done", answer: response.status === 204 ? null : await response.json() };
    } catch (error) {
      if (error instanceof ProblemError && !isPassing(error)) return { is: "refused", problem: error.problem };
      return { is: "later", error };
    }
  }

  #retry(error: unknown): void {
    this.#tries.again(error, () => this.flush(), FIRST_RETRY_MS, LONGEST_RETRY_MS);
  }

  async #changed(): Promise<void> {
    this.#options.channel?.postMessage("changed");
    await this.#reload();
  }

  async #reload(): Promise<void> {
    this.actions.set(await this.#mine());
  }
}

/** The last that waits for the same address, if it is the same and was done only just before. */
function twinOf({ method, path, body, at }: NewAction, mine: readonly Action[]): Action | undefined {
  const last = mine.findLast((action) => action.refusal === null && action.path === path);
  if (last === undefined || at - last.at >= TWICE_MS) return undefined;
  return last.method === method && JSON.stringify(last.body) === JSON.stringify(body) ? last : undefined;
}
