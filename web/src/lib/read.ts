/**
 * One answer of the server that a screen shows: asked for until it comes, and kept so that it can be read offline.
 *
 * Invariants: what is shown is the newest answer; until the first one it is the copy of last time, and `asOf` says of
 * when. A copy never replaces an answer. Of several that are asked for, the last one counts.
 */
import { isPassing } from "./api";
import type { Chance, Clock } from "./clock";
import type { Copies } from "./copies";
import { Store } from "./store";
import { Tries } from "./tries";

export interface ReadState<T> {
  value: T | null;
  /** When the server said so, by the clock; null before anything is known. */
  asOf: number | null;
  busy: boolean;
  error: Error | null;
}

export interface ReadOptions<T> {
  /** What it is kept as; null: it is not. */
  name: string | null;
  ask(): Promise<T>;
  copies: Pick<Copies, "get" | "put">;
  clock: Clock;
  chance: Chance;
}

export class Read<T> {
  readonly state = new Store<ReadState<T>>({ value: null, asOf: null, busy: true, error: null });

  readonly #options: ReadOptions<T>;
  readonly #tries: Tries;
  #generation = 0;

  constructor(options: ReadOptions<T>) {
    this.#options = options;
    this.#tries = new Tries(options.clock, options.chance);
  }

  /** Shows the copy, and asks. */
  start(): void {
    this.refresh();
    this.#recall();
  }

  async refresh(): Promise<void> {
    const generation = ++this.#generation;
    this.#tries.stop();
    this.#show({ busy: true });
    let value: T;
    try {
      value = await this.#options.ask();
    } catch (error) {
      if (generation !== this.#generation) return;
      const passing = isPassing(error);
      this.#show({ busy: passing, error: error instanceof Error ? error : new Error(String(error)) });
      if (passing) this.#tries.again(error, () => this.refresh());
      return;
    }
    if (generation !== this.#generation) return;
    const asOf = this.#options.clock.now();
    this.#tries.succeeded();
    this.#show({ value, asOf, busy: false, error: null });
    if (this.#options.name !== null) await this.#options.copies.put(this.#options.name, value, asOf);
  }

  /** Ends what is under way. */
  stop(): void {
    this.#generation += 1;
    this.#tries.stop();
  }

  async #recall(): Promise<void> {
    if (this.#options.name === null) return;
    const copy = await this.#options.copies.get<T>(this.#options.name);
    if (copy !== undefined && this.state.value.asOf === null) this.#show({ value: copy.value, asOf: copy.at });
  }

  #show(news: Partial<ReadState<T>>): void {
    this.state.set({ ...this.state.value, ...news });
  }
}
