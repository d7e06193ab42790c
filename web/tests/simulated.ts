/** Simulated time: nothing happens until `run`, and then in the order of its moments. */
import type { Clock } from "../src/lib/clock";
import type { Copy } from "../src/lib/copies";

export class SimulatedClock implements Clock {
  #now = 1_800_000_000_000;
  #next = 0;
  readonly #tasks = new Map<number, { at: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const id = this.#next++;
    this.#tasks.set(id, { at: this.#now + ms, task });
    return () => {
      this.#tasks.delete(id);
    };
  }

  get waiting(): number {
    return this.#tasks.size;
  }

  /** Lets so much time pass, and what promises wait for settle in between. */
  async run(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    for (;;) {
      const due = [...this.#tasks]
        .filter(([, { at }]) => at <= until)
        .sort(([i, a], [j, b]) => a.at - b.at || i - j)[0];
      if (due === undefined) break;
      this.#tasks.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].task();
      await settled();
    }
    this.#now = until;
  }
}

/** Copies that take no time, unless they are `slow`: then they are read when they are not any more. */
export class SimulatedCopies {
  readonly kept = new Map<string, Copy<unknown>>();
  #waiting: (() => void)[] = [];
  #slow = false;

  set slow(slow: boolean) {
    this.#slow = slow;
    if (!slow) for (const go of this.#waiting.splice(0)) go();
  }

  async get<T>(name: string): Promise<Copy<T> | undefined> {
    if (this.#slow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.kept.get(name) as Copy<T> | undefined;
  }

  async put<T>(name: string, value: T, at: number): Promise<boolean> {
    this.kept.set(name, { value, at });
    return true;
  }
}

/** Every promise that can go on without time or network has. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A chance that a test can repeat: a small generator with its seed (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
