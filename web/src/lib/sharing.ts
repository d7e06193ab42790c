/**
 * Where the driver is, told to whoever waits, for as long as it runs.
 *
 * Invariants: at most one position a second goes out, and it is the newest; nothing is measured or sent before `start`
 * and after `stop`. `state` says what is: "on" means that the device told a position since it was started.
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
  /** The browser's; undefined where it has none. */
  geolocation: Pick<Geolocation, "watchPosition" | "clearWatch"> | undefined;
  clock: Clock;
  send(place: Place): void;
}

export const EVERY_MS = 1000;
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED

export class Sharing {
  readonly state = new Store<SharingState>({ is: "off" });

  readonly #options: SharingOptions;
  #watch: number | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  #stopWaiting: (() => void) | null = null;
  #newest: Place | null = null;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  start(): void {
    const { geolocation } = this.#options;
    if (this.#watch !== null) return;
    if (geolocation === undefined) {
      this.state.set({ is: "refused" });
      return;
    }
    this.state.set({ is: "seeking" });
    this.#watch = geolocation.watchPosition(
      ({ coords }) => this.#tell({ lat: coords.latitude, lon: coords.longitude }),
      ({ code }) => this.state.set({ is: code === REFUSED ? "refused" : "lost" }),
      { enableHighAccuracy: true, maximumAge: EVERY_MS },
    );
  }

  stop(): void {
    if (this.#watch !== null) this.#options.geolocation?.clearWatch(this.#watch);
    this.#watch = null;
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    this.state.set({ is: "off" });
  }

  #tell(place: Place): void {
    if (this.#watch === null) return; // it was under way when we stopped
    this.state.set({ is: "on", place });
    this.#newest = place;
    if (this.#stopWaiting !== null) return;
    const { clock } = this.#options;
    const wait = this.#sentAt + EVERY_MS - clock.now();
    if (wait <= 0) this.#send();
    else this.#stopWaiting = clock.after(wait, () => this.#send());
  }

  #send(): void {
    this.#stopWaiting = null;
    this.#sentAt = this.#options.clock.now();
    if (this.#newest !== null) this.#options.send(this.#newest);
  }
}
