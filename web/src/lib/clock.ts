/** Time and chance, as `lib` is given them: the browser's own, or a test's. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Does the task once, after so many milliseconds; the answer calls it off. */
  after(ms: number, task: () => void): () => void;
}

/** From 0 to 1. */
export type Chance = () => number;

export const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Milliseconds to wait before the next try, after so many in vain: a random part of `first`, then of twice that, up to
 * `longest`. The whole of it is chance, so that not everybody comes back at once.
 */
export function backoff(tries: number, chance: number, first = 500, longest = 30_000): number {
  return chance * Math.min(longest, first * 2 ** Math.min(tries, 16));
}
