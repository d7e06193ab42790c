/**
 * How long it takes from sending a request to the frame of what it did, both in this browser: no clock but its own is
 * believed. Frame and answer come in any order.
 *
 * Invariant: of each request at most one time is told, and none of one that was sent more than once: its first try may
 * have done it long before.
 */
import type { Clock } from "./clock";

const MOST = 50;

export class Latencies {
  readonly #clock: Clock;
  readonly #tell: (ms: number) => void;
  /** By the key of the request. NaN: sent more than once. */
  readonly #sent = new Map<string, number>();
  /** By order and version: when its frame came, or when the request was sent whose answer named it. */
  readonly #heard = new Map<string, number>();
  readonly #awaited = new Map<string, number>();

  constructor(clock: Clock, tell: (ms: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  sent(key: string): void {
    put(this.#sent, key, this.#sent.has(key) ? Number.NaN : this.#clock.now());
  }

  /** The request was answered: it made this version of this order. */
  answered(key: string, order: string, version: number): void {
    const sent = this.#sent.get(key);
    this.#sent.delete(key);
    if (sent === undefined || Number.isNaN(sent)) return;
    const heard = this.#heard.get(`${order} ${version}`);
    if (heard === undefined) put(this.#awaited, `${order} ${version}`, sent);
    else this.#tell(heard - sent);
  }

  /** A frame with this version of this order came. */
  heard(order: string, version: number): void {
    const name = `${order} ${version}`;
    const sent = this.#awaited.get(name);
    if (this.#awaited.delete(name) && sent !== undefined) this.#tell(this.#clock.now() - sent);
    else put(this.#heard, name, this.#clock.now());
  }
}

/** Of many, the last ones. */
function put(map: Map<string, number>, name: string, at: number): void {
  if (!map.has(name) && map.size >= MOST) map.delete(map.keys().next().value as string);
  map.set(name, at);
}
