/**
 * What a page remembers of itself, such as who is signed in and their cart: in the browser's storage, and in the page
 * alone what that will not take, for it may be full, or refused by a setting.
 *
 * Invariants: in this page what was set is what is got, whatever the browser refuses, and nothing throws. What is not
 * `lasting` is gone with the page, which has to be told.
 */
import { Store } from "./store";

export type Storing = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class Memory implements Storing {
  readonly lasting = new Store(true);
  readonly #storage: Storing | null;
  readonly #own = new Map<string, string>();

  /** `open` may throw: even to look at a storage can be refused. */
  constructor(open: () => Storing) {
    try {
      this.#storage = open();
    } catch {
      this.#storage = null; // said by `lasting`
      this.lasting.set(false);
    }
  }

  getItem(key: string): string | null {
    return this.#own.get(key) ?? this.#storage?.getItem(key) ?? null;
  }

  setItem(key: string, text: string): void {
    this.#own.set(key, text);
    try {
      this.#storage?.setItem(key, text);
    } catch {
      this.lasting.set(false);
      return;
    }
    if (this.#storage !== null) this.#own.delete(key); // another tab may change it from now on
  }

  removeItem(key: string): void {
    this.#own.delete(key);
    this.#storage?.removeItem(key);
  }
}
