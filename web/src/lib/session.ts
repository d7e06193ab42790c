/**
 * Who is signed in, in this browser.
 *
 * Owns: the person's name and role, remembered so that the app opens without a network; what speaks for them is in
 * cookies that no script can read. Invariants: whatever runs for somebody runs for exactly this person and stops before
 * anybody else can be signed in; one change of person ends before the next begins; all tabs agree. A server that cannot
 * be reached signs nobody out, and one that could not be told of a sign-out is told as soon as it can, and before anybody
 * else signs in. Refuses to bring back who has left meanwhile, whatever is answered late.
 */
import type { components } from "../generated/accounts";
import { type Api, answer, ProblemError } from "./api";
import type { Storing } from "./memory";
import { Store } from "./store";

export type Person = components["schemas"]["Me"];
export type Role = Person["role"];

/** What runs for a person, or is theirs: it ends before another one's begins. */
export interface Belonging {
  belongTo(person: string | null): Promise<void>;
}

export interface SessionOptions {
  api: Api;
  /** Runs between `belongings` of one person. */
  live: { start(): void; stop(): void };
  belongings: readonly Belonging[];
  memory: Storing;
}

export const MEMORY = "larder.person";
/** That the server has still to be told of a sign-out. */
const LEAVING = "larder.leaving";

export class Session {
  readonly person = new Store<Person | null>(null);
  /** Whether `restore` has seen who was signed in: before that, nobody's being there says nothing. */
  readonly known = new Store(false);

  readonly #options: SessionOptions;
  #turn: Promise<void> = Promise.resolve();
  /** Counts who came and went: an answer about an earlier one says nothing any more. */
  #changes = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Who was signed in when this browser was closed, at once; then whether they still are. */
  async restore(): Promise<void> {
    const remembered = this.#remembered();
    try {
      await this.#become(remembered);
    } finally {
      this.known.set(true); // who could not be brought back is asked to sign in
    }
    if (remembered === null) return this.#leaveIfLeaving();
    const changes = this.#changes;
    try {
      const { person } = await answer(this.#options.api.GET("/api/accounts/me"));
      const present = person ?? (await this.#renewed());
      if (changes === this.#changes) await this.#become(present);
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401 && changes === this.#changes) await this.ended();
      // Anything else says nothing about who they are: the socket and the outbox ask again.
    }
  }

  /** Throws ProblemError: 401 for a wrong password. */
  async signIn(email: string, password: string): Promise<void> {
    await this.#become(null); // nothing of another person's may be sent by the cookie that comes now
    await this.#leave(); // the new cookie takes the place of the one that names the session to be ended
    const body = { email, password };
    const { person } = await answer(this.#options.api.POST("/api/accounts/sessions", { body }));
    await this.#become(person);
  }

  /** Ends it here at once, and everywhere as soon as the server hears of it. */
  async signOut(): Promise<void> {
    this.#options.memory.setItem(LEAVING, "yes");
    await this.ended();
    await this.#leaveIfLeaving();
  }

  /** The server says that nobody is signed in here. */
  async ended(): Promise<void> {
    await this.#become(null);
  }

  /** Another tab signed somebody in or out. */
  async follow(): Promise<void> {
    await this.#inTurn(() => this.#change(this.#remembered())); // as it is then, not as it was
  }

  /** There is a network again: what the server has still to be told. */
  async reconnected(): Promise<void> {
    if (this.person.value === null) await this.#leaveIfLeaving();
  }

  /** Throws a ProblemError of 401 when the session is over. */
  async #renewed(): Promise<Person> {
    return (await answer(this.#options.api.POST("/api/accounts/sessions/current/token"))).person;
  }

  async #leaveIfLeaving(): Promise<void> {
    try {
      await this.#leave();
    } catch {
      // It stays noted, and is tried again by `reconnected`, `restore` and whoever signs in.
    }
  }

  /** Throws when the server could not be told. */
  async #leave(): Promise<void> {
    const { api, memory } = this.#options;
    if (memory.getItem(LEAVING) === null) return;
    try {
      await answer(api.DELETE("/api/accounts/sessions/current"));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== 401) throw error; // 401: it was over already
    }
    memory.removeItem(LEAVING);
  }

  #become(person: Person | null): Promise<void> {
    return this.#inTurn(() => this.#change(person));
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => undefined); // who asked for it is told; the next one begins all the same
    return turn;
  }

  async #change(person: Person | null): Promise<void> {
    const { live, belongings, memory } = this.#options;
    const text = person === null ? null : JSON.stringify(person);
    const before = this.person.value;
    if (text === (before === null ? null : JSON.stringify(before))) return;
    this.#changes += 1;
    if (text === null) memory.removeItem(MEMORY);
    else memory.setItem(MEMORY, text);
    live.stop();
    for (const belonging of belongings) await belonging.belongTo(person?.id ?? null);
    this.person.set(person);
    if (person !== null) live.start();
  }

  #remembered(): Person | null {
    const text = this.#options.memory.getItem(MEMORY);
    return text === null ? null : JSON.parse(text);
  }
}
