/**
 * When to ask again for what was not answered: later each time, by chance, and not before the server wants it.
 *
 * Invariant: one try at most is due.
 */
import { ProblemError } from "./api";
import { backoff, type Chance, type Clock } from "./clock";

export class Tries {
  readonly #clock: Clock;
  readonly #chance: Chance;
  #failed = 0;
  #stop = () => {};

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Has it tried again, after so many in vain. */
  again(error: unknown, task: () => void, first = 1000, longest?: number): void {
    const asked = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
    this.stop();
    // What all are told alike is spread by what each waits besides.
    this.#stop = this.#clock.after(asked + backoff(this.#failed++, this.#chance(), first, longest), task);
  }

  /** It was answered. */
  succeeded(): void {
    this.#failed = 0;
  }

  /** None is due any more. */
  stop(): void {
    this.#stop();
  }
}
