/**
 * Who is signed in, in this browser.
 *
 * Owns: the person's name and role, remembered so that the app opens without a network; what speaks for them is in
 * cookies that no script can read. Invariants: socket and outbox run for exactly this person and stop before anybody else
 * can be signed in; all tabs agree. A server that cannot be reached signs nobody out.
 */
import type { components } from "../generated/accounts";
import { type Api, answer, ProblemError } from "./api";
import type { Live } from "./live";
import type { Outbox } from "./outbox";
import { Store } from "./store";

export type Person = components["schemas"]["Me"];
export type Role = Person["role"];

const MEMORY = "larder.person";

export class Session {
  readonly person = new Store<Person | null>(null);

  readonly #api: Api;
  readonly #live: Pick<Live, "start" | "stop">;
  readonly #outbox: Pick<Outbox, "belongTo">;
  readonly #memory: Pick<Storage, "getItem" | "setItem" | "removeItem">;

  constructor(
    api: Api,
    live: Pick<Live, "start" | "stop">,
    outbox: Pick<Outbox, "belongTo">,
    memory: Pick<Storage, "getItem" | "setItem" | "removeItem">,
  ) {
    this.#api = api;
    this.#live = live;
    this.#outbox = outbox;
    this.#memory = memory;
  }

  /** Who was signed in when this browser was closed, at once; then whether they still are. */
  async restore(): Promise<void> {
    const remembered = this.#remembered();
    await this.#become(remembered);
    if (remembered === null) return;
    try {
      const { person } = await answer(this.#api.GET("/api/accounts/me"));
      await this.#become(person ?? (await this.#renewed()));
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) await this.ended();
      // Anything else says nothing about who they are: the socket and the outbox ask again.
    }
  }

  /** Throws ProblemError: 401 for a wrong password. */
  async signIn(email: string, password: string): Promise<void> {
    await this.#become(null); // nothing of another person's may be sent by the cookie that comes now
    const { person } = await answer(this.#api.POST("/api/accounts/sessions", { body: { email, password } }));
    await this.#become(person);
  }

  /** Ends it here at once, and everywhere as soon as the server hears of it. */
  async signOut(): Promise<void> {
    await this.ended();
    await answer(this.#api.DELETE("/api/accounts/sessions/current"));
  }

  /** The server says that nobody is signed in here. */
  async ended(): Promise<void> {
    await this.#become(null);
  }

  /** Another tab signed somebody in or out. */
  async follow(): Promise<void> {
    await this.#become(this.#remembered());
  }

  /** Throws a ProblemError of 401 when the session is over. */
  async #renewed(): Promise<Person> {
    return (await answer(this.#api.POST("/api/accounts/sessions/current/token"))).person;
  }

  async #become(person: Person | null): Promise<void> {
    const text = person === null ? null : JSON.stringify(person);
    const before = this.person.value;
    if (text === (before === null ? null : JSON.stringify(before))) return;
    if (text === null) this.#memory.removeItem(MEMORY);
    else this.#memory.setItem(MEMORY, text);
    this.#live.stop();
    await this.#outbox.belongTo(person?.id ?? null);
    this.person.set(person);
    if (person !== null) this.#live.start();
  }

  #remembered(): Person | null {
    const text = this.#memory.getItem(MEMORY);
    return text === null ? null : JSON.parse(text);
  }
}
