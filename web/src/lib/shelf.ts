/**
 * Where the outbox keeps its actions: IndexedDB, and where a browser will not open that, this page's memory.
 *
 * Invariants: `add` takes the person and the place in the order in one step, so that tabs agree on both; an action that
 * it returned from is on the disk, if `lasting`. What is not lasting is gone with the page, which has to be told. A disk
 * that cannot be reached any more is an error, and never replaced by memory: what is on it still waits.
 */
import type { DBSchema } from "idb";
import type { Action } from "./action";
import { ClosedError, Database } from "./database";

/** An action before it has its place and its person. */
export type NewAction = Omit<Action, "seq" | "person">;

export interface Shelf {
  readonly lasting: boolean;
  /** Who is signed in, and what everybody has on it, the oldest first. */
  look(): Promise<{ person: string | undefined; actions: Action[] }>;
  /** All of them or none; nothing where there is one of its key already. Throws when nobody is signed in. */
  add(actions: readonly NewAction[]): Promise<void>;
  put(action: Action): Promise<void>;
  delete(seq: number): Promise<void>;
  become(person: string | null): Promise<void>;
  close(): Promise<void>;
}

/** `lost`: what is on it may be another thing now, for the system has closed its database. */
export async function openShelf(name: string, lost: () => void): Promise<Shelf> {
  const shelf = new DiskShelf(name, lost);
  try {
    await shelf.look();
  } catch (error) {
    if (error instanceof ClosedError) return new MemoryShelf(); // said by `lasting`
    throw error;
  }
  return shelf;
}

interface Schema extends DBSchema {
  actions: { key: number; value: Action };
  /** Who is signed in here, under "person": a service worker has no other way to know. */
  who: { key: string; value: string };
}

const PERSON = "person";

class DiskShelf implements Shelf {
  readonly lasting = true;
  readonly #database: Database<Schema>;

  constructor(name: string, lost: () => void) {
    this.#database = new Database(name, {
      create(fresh) {
        fresh.createObjectStore("actions", { keyPath: "seq", autoIncrement: true });
        fresh.createObjectStore("who");
      },
      lost,
    });
  }

  look(): Promise<{ person: string | undefined; actions: Action[] }> {
    return this.#database.use(async (database) => {
      const transaction = database.transaction(["actions", "who"]);
      const [person, actions] = await Promise.all([
        transaction.objectStore("who").get(PERSON),
        transaction.objectStore("actions").getAll(),
      ]);
      return { person, actions };
    });
  }

  add(wanted: readonly NewAction[]): Promise<void> {
    return this.#database.use(async (database) => {
      const transaction = database.transaction(["actions", "who"], "readwrite", { durability: "strict" });
      const person = await transaction.objectStore("who").get(PERSON);
      if (person === undefined) throw new Error("nobody is signed in");
      const actions = transaction.objectStore("actions");
      const there = new Set((await actions.getAll()).map(({ key }) => key));
      const news = wanted.filter(({ key }) => !there.has(key));
      for (const action of news) await actions.add({ ...action, person } as Action); // the database gives it its seq
      await transaction.done;
    });
  }

  async put(action: Action): Promise<void> {
    await this.#database.use((database) => database.put("actions", action));
  }

  async delete(seq: number): Promise<void> {
    await this.#database.use((database) => database.delete("actions", seq));
  }

  async become(person: string | null): Promise<void> {
    await this.#database.use(async (database) => {
      if (person === null) await database.delete("who", PERSON);
      else await database.put("who", person, PERSON);
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

class MemoryShelf implements Shelf {
  readonly lasting = false;
  readonly #actions = new Map<number, Action>();
  #person: string | undefined;
  #seq = 0;

  async look(): Promise<{ person: string | undefined; actions: Action[] }> {
    return { person: this.#person, actions: [...this.#actions.values()] };
  }

  async add(wanted: readonly NewAction[]): Promise<void> {
    if (this.#person === undefined) throw new Error("nobody is signed in");
    const there = new Set([...this.#actions.values()].map(({ key }) => key));
    for (const action of wanted.filter(({ key }) => !there.has(key))) {
      await this.put({ ...action, person: this.#person, seq: ++this.#seq });
    }
  }

  async put(action: Action): Promise<void> {
    this.#actions.set(action.seq, action);
  }

  async delete(seq: number): Promise<void> {
    this.#actions.delete(seq);
  }

  async become(person: string | null): Promise<void> {
    this.#person = person ?? undefined;
  }

  async close(): Promise<void> {}
}
