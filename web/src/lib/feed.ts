/**
 * A list that is the server's list: pages over HTTP and events from a socket, whichever comes first.
 *
 * Invariants: of each item the higher version is kept, never the later arrival; what left is not brought back by
 * anything older; a refresh drops what the server has no more, but for what events told meanwhile. So once a refresh has
 * ended and the events since have come, in any order and any number of times, `items` is the beginning of the server's
 * list, down to the last item that was loaded. It never shows a part of a refresh. Before the first one it shows the
 * copy of last time, if there is one, and `asOf` says of when.
 */
import { isPassing } from "./api";
import type { Chance, Clock } from "./clock";
import type { Copies } from "./copies";
import { Store } from "./store";
import { Tries } from "./tries";

export interface Versioned {
  id: string;
  version: number;
}

export interface Page<T> {
  items: readonly T[];
  next_cursor: string | null;
}

export interface FeedOptions<T> {
  page(cursor: string | null): Promise<Page<T>>;
  /** Negative when `a` stands before `b`, 0 for the same item alone. By what never changes of it: its place is its own. */
  compare(a: T, b: T): number;
  /** Whether it is on this list, such as one of open orders. */
  belongs?(item: T): boolean;
  clock: Clock;
  chance: Chance;
  /** Where it is kept for a time without network, and as what. */
  copy?: { copies: Pick<Copies, "get" | "put">; name: string };
}

/** As much as is kept of a list: what a screen or two show. */
export const COPY_ITEMS = 200;
const COPY_MS = 2_000;

export interface FeedState<T> {
  items: readonly T[];
  /** Whether the server has more after these. */
  more: boolean;
  /** Up to when it is the server's, by the clock; null before anything is known. */
  asOf: number | null;
  busy: boolean;
  /** Why it could not be read anew. */
  error: Error | null;
  /** Why the next page did not come; what there is may be as new as ever. */
  missed: Error | null;
}

export class Feed<T extends Versioned> {
  readonly state = new Store<FeedState<T>>({
    items: [],
    more: false,
    asOf: null,
    busy: false,
    error: null,
    missed: null,
  });

  readonly #options: FeedOptions<T>;
  readonly #items = new Map<string, T>();
  /** The highest version known of each item, also of those that left. */
  readonly #versions = new Map<string, number>();
  #sorted: T[] = [];
  /** What events told of since the refresh under way began. */
  readonly #told = new Set<string>();
  /** The last item loaded: what stands after it is known by chance, and not shown. */
  #last: T | null = null;
  #cursor: string | null = null;
  #loaded = 0;
  #generation = 0;
  /** The server has said all of it once: from here on it is more than a copy. */
  #known = false;
  #refreshing = false;
  #kept = false;
  #stopCopy: (() => void) | null = null;
  readonly #tries: Tries;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
    this.#tries = new Tries(options.clock, options.chance);
  }

  /** Shows the copy of last time, and asks the server. */
  start(): void {
    this.refresh();
    this.#recall();
  }

  /** Events have told everything up to now, once it was loaded. */
  isCurrent(): void {
    if (!this.#known || this.#refreshing) return;
    this.#show({ asOf: this.#options.clock.now() });
    this.#keepSoon();
  }

  /** An item as an event or an answer has it. */
  take(item: T): void {
    this.#told.add(item.id);
    if (!this.#learn(item)) return;
    this.#show({});
    this.#keepSoon();
  }

  /** It is out of sight from this version on. */
  left(id: string, version: number): void {
    this.#told.add(id);
    if (version < (this.#versions.get(id) ?? 0)) return;
    this.#versions.set(id, version);
    if (!this.#drop(id)) return;
    this.#show({});
    this.#keepSoon();
  }

  /** Loads anew as much as was loaded, and tries until that works or cannot. One that is asked for later replaces it. */
  async refresh(): Promise<void> {
    this.#told.clear();
    this.#tries.stop();
    this.#refreshing = true;
    await this.#load(++this.#generation, [], null);
  }

  /** Goes on after what was found already: a page that was read does not become wrong, for events tell what changes. */
  async #load(generation: number, found: T[], from: string | null): Promise<void> {
    this.#show({ busy: true });
    let cursor = from;
    try {
      do {
        const page: Page<T> = await this.#options.page(cursor);
        if (generation !== this.#generation) return;
        found.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null && found.length < this.#loaded);
    } catch (error) {
      if (generation === this.#generation) this.#fail(error, () => this.#load(generation, found, cursor));
      return;
    }
    const there = new Set(found.map(({ id }) => id));
    for (const id of [...this.#items.keys()]) if (!there.has(id) && !this.#told.has(id)) this.#drop(id);
    this.#settle(found, cursor, found.length);
    this.#known = true;
    this.#refreshing = false;
    this.#tries.succeeded();
    this.#show({ busy: false, error: null, missed: null, asOf: this.#options.clock.now() });
    this.#keepSoon();
  }

  /** The next page. Nothing while something is being loaded. */
  async more(): Promise<void> {
    if (this.#cursor === null || this.state.value.busy) return;
    const generation = this.#generation;
    this.#show({ busy: true, missed: null });
    try {
      const page = await this.#options.page(this.#cursor);
      if (generation !== this.#generation) return;
      this.#settle(page.items, page.next_cursor, this.#loaded + page.items.length);
      this.#show({ busy: false });
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#show({ busy: false, missed: asError(error) });
    }
  }

  /** Ends what is under way. The list stays as it is. */
  stop(): void {
    this.#generation += 1;
    this.#tries.stop();
    this.#stopCopy?.();
    this.#stopCopy = null;
  }

  async #recall(): Promise<void> {
    const copy = await this.#options.copy?.copies.get<readonly T[]>(this.#options.copy.name);
    if (copy === undefined || this.#known) return;
    for (const item of copy.value) this.#learn(item);
    this.#show({ asOf: copy.at });
  }

  /** At once what was loaded, for the network may be gone in a moment; then now and then, not at each of many changes. */
  #keepSoon(): void {
    const { copy, clock } = this.#options;
    if (copy === undefined || !this.#known || this.#stopCopy !== null) return;
    this.#stopCopy = clock.after(this.#kept ? COPY_MS : 0, () => {
      this.#stopCopy = null;
      const { items, asOf } = this.state.value;
      if (asOf === null) return;
      this.#kept = true;
      copy.copies.put(copy.name, items.slice(0, COPY_ITEMS), asOf);
    });
  }

  #settle(found: readonly T[], cursor: string | null, loaded: number): void {
    for (const item of found) this.#learn(item);
    this.#last = cursor === null ? null : (found.at(-1) ?? this.#last);
    this.#cursor = cursor;
    this.#loaded = loaded;
  }

  #fail(error: unknown, again: () => void): void {
    const passing = isPassing(error);
    this.#show({ busy: passing, error: asError(error) });
    if (passing) this.#tries.again(error, again);
  }

  /** True when it changed something. The same version of what is not there is news: a refresh may have dropped it. */
  #learn(item: T): boolean {
    const known = this.#versions.get(item.id) ?? 0;
    const there = this.#items.has(item.id);
    if (item.version < known || (item.version === known && there)) return false;
    this.#versions.set(item.id, item.version);
    if (there) this.#drop(item.id);
    if (this.#options.belongs?.(item) === false) return there;
    this.#items.set(item.id, item);
    this.#sorted.splice(this.#placeOf(item), 0, item);
    return true;
  }

  #drop(id: string): boolean {
    const item = this.#items.get(id);
    if (item === undefined) return false;
    this.#items.delete(id);
    this.#sorted.splice(this.#placeOf(item), 1);
    return true;
  }

  /** The first place whose item does not stand before this one. */
  #placeOf(item: T): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#options.compare(this.#sorted[middle] as T, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #show(news: Partial<FeedState<T>>): void {
    const last = this.#last;
    // After the last one loaded; itself, in whatever version, is still shown.
    const end = last === null ? this.#sorted.length : this.#placeOf(last) + (this.#items.has(last.id) ? 1 : 0);
    this.state.set({ ...this.state.value, items: this.#sorted.slice(0, end), more: this.#cursor !== null, ...news });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
