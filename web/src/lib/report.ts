/**
 * What a page tells of itself: its errors, and where it is one of the sampled, how soon it was there and how soon events
 * came. Nothing of a person's, and no address but its pattern.
 *
 * Invariants: every error is told, but the same one once and of many the first few; the rest by one page in ten, which is
 * decided once. What is told goes together, after a while or when the page is left, at most so much at once, and once: a
 * report that did not arrive is lost, for nobody's work depends on it.
 */
import type { components } from "../generated/realtime";
import type { Chance, Clock } from "./clock";

export type Report = components["schemas"]["PageReport"];
export type VitalName = components["schemas"]["PageVital"]["name"];

export const SAMPLED = 0.1;
/** As many as the server takes at once. */
export const MOST_ERRORS = 5;
const MOST_VITALS = 10;
export const MOST_LATENCIES = 20;
const GATHER_MS = 10_000;
const LONGEST_MS = 600_000;

export interface ReporterOptions {
  send(report: Report): void;
  clock: Clock;
  chance: Chance;
  build: string;
  /** The pattern of the present address: `/orders/:id`. */
  page(): string;
}

export class Reporter {
  /** Whether this page tells more than its errors. */
  readonly sampled: boolean;

  readonly #options: ReporterOptions;
  readonly #told = new Set<string>();
  #errors: NonNullable<Report["errors"]> = [];
  #vitals: NonNullable<Report["vitals"]> = [];
  #latencies: number[] = [];
  #stop: (() => void) | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.sampled = options.chance() < SAMPLED;
  }

  error(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : { name: "Thrown", message: String(thrown), stack: "" };
    const same = `${error.name}: ${error.message}`;
    if (this.#told.has(same) || this.#told.size >= MOST_ERRORS) return;
    this.#told.add(same);
    this.#errors.push({
      name: error.name.slice(0, 100) || "Error",
      message: error.message.slice(0, 500),
      stack: (error.stack ?? "").slice(0, 4000),
    });
    this.#soon();
  }

  vital(name: VitalName, value: number): void {
    if (!this.sampled || this.#vitals.length >= MOST_VITALS) return;
    this.#vitals.push({ name, value: bounded(value) });
    this.#soon();
  }

  latency(ms: number): void {
    if (!this.sampled || this.#latencies.length >= MOST_LATENCIES) return;
    this.#latencies.push(bounded(ms));
    this.#soon();
  }

  /** Sends what there is: the page is being left. */
  flush(): void {
    this.#stop?.();
    this.#stop = null;
    const [errors, vitals, latencies_ms] = [this.#errors.splice(0), this.#vitals.splice(0), this.#latencies.splice(0)];
    if (errors.length + vitals.length + latencies_ms.length === 0) return;
    const { send, page, build } = this.#options;
    send({ page: page(), build, errors, vitals, latencies_ms });
  }

  #soon(): void {
    this.#stop ??= this.#options.clock.after(GATHER_MS, () => this.flush());
  }
}

function bounded(value: number): number {
  return Math.min(LONGEST_MS, Math.max(0, value));
}
