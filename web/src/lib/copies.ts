/**
 * What was read last, kept in this browser so that it can be read again without a network.
 *
 * Invariants: copies belong to one person; when anybody else is signed in, or nobody, they are gone before that person
 * sees anything. A tab that has not heard of that yet neither reads nor keeps one. A copy is never an answer: who shows
 * one says of when it is; of too many the oldest go. Where the browser keeps nothing there are none, and all else works.
 */
import type { DBSchema, IDBPDatabase } from "idb";
import { ClosedError, Database } from "./database";

export interface Copy<T> {
  value: T;
  /** When it was true, by the clock. */
  at: number;
}

export const MOST_COPIES = 200;

export class Copies {
  readonly #database: Database<Schema>;
  #person: string | null = null;

  constructor(name = "larder-copies") {
    this.#database = new Database(name, {
      create(fresh) {
        fresh.createObjectStore("copies").createIndex("at", "at");
        fresh.createObjectStore("owner");
      },
    });
  }

  /** Whose copies there are from here on; those of anybody else are deleted. */
  async belongTo(person: string | null): Promise<void> {
    this.#person = person;
    await this.#orNothing(undefined, async (database) => {
      const transaction = database.transaction(["copies", "owner"], "readwrite");
      const [copies, owner] = [transaction.objectStore("copies"), transaction.objectStore("owner")];
      if ((await owner.get(OWNER)) !== person) {
        await copies.clear();
        if (person === null) await owner.delete(OWNER);
        else await owner.put(person, OWNER);
      }
      await transaction.done;
    });
  }

  async get<T>(name: string): Promise<Copy<T> | undefined> {
    return this.#orNothing(undefined, async (database) => {
      const transaction = database.transaction(["copies", "owner"]);
      const [owner, copy] = await Promise.all([
        transaction.objectStore("owner").get(OWNER),
        transaction.objectStore("copies").get(name),
      ]);
      return this.#person !== null && owner === this.#person ? (copy as Copy<T> | undefined) : undefined;
    });
  }

  /** False when it was not kept: there is no disk, it is full, or somebody else is signed in. */
  async put<T>(name: string, value: T, at: number): Promise<boolean> {
    return this.#orNothing(false, async (database) => {
      const transaction = database.transaction(["copies", "owner"], "readwrite");
      if (this.#person === null || (await transaction.objectStore("owner").get(OWNER)) !== this.#person) return false;
      const copies = transaction.objectStore("copies");
      await copies.put({ value, at }, name);
      if ((await copies.count()) > MOST_COPIES) await (await copies.index("at").openCursor())?.delete();
      await transaction.done;
      return true;
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** What `work` comes to, or `nothing` where this browser keeps nothing, or nothing more. */
  async #orNothing<T>(nothing: T, work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    try {
      return await this.#database.use(work);
    } catch (error) {
      if (error instanceof ClosedError || isFull(error)) return nothing; // the outbox says so
      throw error;
    }
  }
}

interface Schema extends DBSchema {
  copies: { key: string; value: Copy<unknown>; indexes: { at: number } };
  owner: { key: string; value: string };
}

const OWNER = "owner";

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
