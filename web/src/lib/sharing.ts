/**
 * Where the driver is, told to whoever waits, for as long as it runs.
 *
 * Invariants: at most one position a second goes out, and it is the newest; nothing is measured or sent before `start`
 * and after `stop`. Who stands still is told again now and then, for what is sent may be lost, or come before the server
 * knows that they are on the way. `state` says what is: "on" means that the device told a position since it was started,
 * and knows it still.
 */
import type { Clock } from "./clock";
import type { Place } from "./distance";
import { Store } from "./store";

export type SharingState =
  | { is: "off" }
  /** The device has not told yet, or the person has not been asked. */
  | { is: "seeking" }
  | { is: "on"; place: Place }
  /** The person, or their browser, does not allow it. */
  | { is: "refused" }
  /** The device does not know where it is: in a basement, say. It goes on trying. */
  | { is: "lost" };

export interface SharingOptions {
  /** The browser's, where it has one. */
  geolocation: Pick<Geolocation, "watchPosition" | "clearWatch"> | null | undefined;
  clock: Clock;
  send(place: Place): void;
}

export const EVERY_MS = 1000;
export const AGAIN_MS = 5000;
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED

export class Sharing {
  readonly state = new Store<SharingState>({ is: "off" });

  readonly #options: SharingOptions;
  #watch: number | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  #stopWaiting = () => {};
  #newest: Place | null = null;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  start(): void {
    const { geolocation } = this.#options;
    if (this.#watch !== null) return;
    if (!geolocation) {
      this.state.set({ is: "refused" });
      return;
    }
    this.state.set({ is: "seeking" });
    this.#watch = geolocation.watchPosition(
      ({ coords }) => this.#tell({ lat: coords.latitude, lon: coords.longitude }),
      ({ code }) => this.#watch !== null && this.#lose(code === REFUSED ? "refused" : "lost"),
      { enableHighAccuracy: true, maximumAge: EVERY_MS },
    );
  }

  stop(): void {
    if (this.#watch !== null) this.#options.geolocation?.clearWatch(this.#watch);
    this.#watch = null;
    this.#lose("off");
  }

  #tell(place: Place): void {
    if (this.#watch === null) return; // it was under way when we stopped
    this.#newest = place;
    this.state.set({ is: "on", place });
    this.#sendIn(Math.max(0, this.#sentAt + EVERY_MS - this.#options.clock.now()));
  }

  /** Nothing is told again that may not be true any more. */
  #lose(is: "off" | "refused" | "lost"): void {
    this.#newest = null;
    this.#stopWaiting();
    this.state.set({ is });
  }

  #sendIn(ms: number): void {
    this.#stopWaiting();
    if (ms === 0) this.#send();
    else this.#stopWaiting = this.#options.clock.after(ms, () => this.#send());
  }

  #send(): void {
    if (this.#newest === null) return;
    this.#sentAt = this.#options.clock.now();
    this.#options.send(this.#newest);
    this.#sendIn(AGAIN_MS);
  }
}
