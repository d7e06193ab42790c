/**
 * A database of this browser's, whose connection is made anew when the system has closed it, as phones do with what is in
 * the background.
 *
 * Invariants: a connection is made when it is needed, and there is one at a time. Work is one transaction, done whole or
 * not at all; if the connection was lost with it, it is done again on a new one, so it has to be such that twice is once.
 * What is not done then either is an error of whoever wanted it.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

/** This browser does not open it, or closes it again at once: a private window, a full or a broken disk. */
export class ClosedError extends Error {
  override name = "ClosedError";
}

export interface DatabaseOptions<Schema extends DBSchema> {
  /** Makes its stores, the first time. */
  create(fresh: IDBPDatabase<Schema>): void;
  /** The system has closed it, and may have emptied it. */
  lost?: () => void;
}

export class Database<Schema extends DBSchema> {
  readonly #name: string;
  readonly #options: DatabaseOptions<Schema>;
  #connection: Promise<IDBPDatabase<Schema>> | null = null;

  constructor(name: string, options: DatabaseOptions<Schema>) {
    this.#name = name;
    this.#options = options;
  }

  /** Throws ClosedError when that was in vain. */
  async use<Result>(work: (connection: IDBPDatabase<Schema>) => Promise<Result>): Promise<Result> {
    try {
      return await this.#once(work);
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
      return this.#once(work);
    }
  }

  /** Lets go of it; whoever uses it again has it opened again. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    (await connection)?.close();
  }

  async #once<Result>(work: (connection: IDBPDatabase<Schema>) => Promise<Result>): Promise<Result> {
    const connection = this.#connect();
    try {
      return await work(await connection);
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#forget(connection);
      (await connection).close();
      throw new ClosedError(`${this.#name} was closed.`, { cause: error });
    }
  }

  #connect(): Promise<IDBPDatabase<Schema>> {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    const terminated = () => {
      this.#forget(opening);
      this.#options.lost?.();
    };
    const opening = openOrThrow<Schema>(this.#name, { upgrade: this.#options.create, terminated });
    opening.catch(() => this.#forget(opening)); // told to whoever waits for it; the next one tries again
    return opening;
  }

  #forget(connection: Promise<IDBPDatabase<Schema>>): void {
    if (this.#connection === connection) this.#connection = null;
  }
}

async function openOrThrow<Schema extends DBSchema>(
  name: string,
  events: { upgrade(fresh: IDBPDatabase<Schema>): void; terminated(): void },
): Promise<IDBPDatabase<Schema>> {
  try {
    return await openDB<Schema>(name, 1, events);
  } catch (cause) {
    throw new ClosedError(`${name} cannot be opened here.`, { cause });
  }
}

/** As browsers tell that a connection is closed, that its server is gone (Safari), and that its work went with it. */
const LOSSES = new Set(["InvalidStateError", "UnknownError", "AbortError"]);

function isLoss(error: unknown): boolean {
  return error instanceof DOMException && LOSSES.has(error.name);
}
