/**
 * A list that somebody asks for, page by page: what was found, and whether there is more.
 *
 * Invariants: what is shown answers the last question, whichever answer comes last; the old answer stays until the new
 * one is there, marked as busy and without more; an error leaves what was found. Lists that change under the reader are a Feed.
 */
import type { Page } from "./feed";
import { Store } from "./store";

export interface PagesState<T> {
  /** Null until the first answer. */
  items: readonly T[] | null;
  more: boolean;
  busy: boolean;
  error: Error | null;
}

export class Pages<Question, T> {
  readonly state = new Store<PagesState<T>>({ items: null, more: false, busy: false, error: null });

  readonly #page: (question: Question, cursor: string | null) => Promise<Page<T>>;
  #question: Question | undefined;
  #cursor: string | null = null;
  #generation = 0;

  constructor(page: (question: Question, cursor: string | null) => Promise<Page<T>>) {
    this.#page = page;
  }

  /** The first page of another question, or of the same one again. */
  async ask(question: Question): Promise<void> {
    this.#question = question;
    this.#cursor = null; // that of the last question leads into another list
    this.#show({ more: false });
    await this.#load(question, null, []);
  }

  /** The next page; nothing while something is being loaded, or when that was all. */
  async more(): Promise<void> {
    const { busy, items } = this.state.value;
    if (busy || this.#cursor === null || this.#question === undefined) return;
    await this.#load(this.#question, this.#cursor, items ?? []);
  }

  async #load(question: Question, cursor: string | null, before: readonly T[]): Promise<void> {
    const generation = ++this.#generation;
    this.#show({ busy: true, error: null });
    try {
      const page = await this.#page(question, cursor);
      if (generation !== this.#generation) return;
      this.#cursor = page.next_cursor;
      this.#show({ items: [...before, ...page.items], more: page.next_cursor !== null, busy: false });
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#show({ busy: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #show(news: Partial<PagesState<T>>): void {
    this.state.set({ ...this.state.value, ...news });
  }
}

/** All of a short list, such as of categories. Throws a RangeError for one that is longer than `most` pages. */
export async function everyPage<T>(page: (cursor: string | null) => Promise<Page<T>>, most = 20): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  for (let count = 0; count < most; count++) {
    const next: Page<T> = await page(cursor);
    found.push(...next.items);
    cursor = next.next_cursor;
    if (cursor === null) return found;
  }
  throw new RangeError(`a list of more than ${most} pages is not read whole`);
}
