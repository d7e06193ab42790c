/**
 * What a kitchen wants and has not ordered yet: it survives a closed browser, a lost network and prices that change.
 *
 * Invariants: a product stands in it once; quantities and the number of lines are what an order may have; each line keeps
 * the price that the person last agreed to, and a price that differs is shown beside it and asked for, never taken in
 * silence. A cart has a name of its own that becomes its order's idempotency key: whatever breaks between placing it and
 * emptying it, it is ordered once. All tabs have the same cart, and each person has their own. Only functions that give
 * another cart are in here, and `CartShelf`, which keeps it.
 */
import type { Storing } from "./memory";
import { Store } from "./store";

export const MOST_LINES = 200;
export const MOST_QUANTITY = 999;
export const MOST_NOTE = 500;

/** A product as it was when somebody looked; version 0 where only an old order told of it. */
export type Product = {
  id: string;
  name: string;
  unit: string;
  price_cents: number;
  version: number;
  available: boolean;
};

/** A type and no interface: it is kept as JSON. */
export type Line = {
  product: Product;
  quantity: number;
  /** What the person agreed to pay for one; another price than the product's is news that they have not accepted yet. */
  agreed_cents: number;
};

export interface Cart {
  id: string;
  lines: readonly Line[];
  note: string;
}

export interface Wish {
  product: Product;
  quantity: number;
}

/** More of something, at a price that the person sees, which they agree to by taking it; older news than a line's is none. */
export function add(cart: Cart, { product, quantity }: Wish): Cart {
  const had = cart.lines.find((line) => line.product.id === product.id);
  const wanted = Math.min(MOST_QUANTITY, (had?.quantity ?? 0) + quantity);
  const isNews = had === undefined || product.version >= had.product.version;
  const line: Line = isNews
    ? { product, quantity: wanted, agreed_cents: product.price_cents }
    : { ...had, quantity: wanted };
  if (had !== undefined) return { ...cart, lines: cart.lines.map((each) => (each === had ? line : each)) };
  return { ...cart, lines: [...cart.lines, line] };
}

/** So many of it; none takes it out. */
export function setQuantity(cart: Cart, productId: string, quantity: number): Cart {
  const wanted = Math.min(MOST_QUANTITY, Math.max(0, Math.trunc(quantity)));
  const lines = cart.lines.map((line) => (line.product.id === productId ? { ...line, quantity: wanted } : line));
  return { ...cart, lines: lines.filter((line) => line.quantity > 0) };
}

/** Products as they are now. Older news than a line has changes nothing; prices are not agreed to by being known. */
export function learn(cart: Cart, products: Iterable<Product>): Cart {
  const news = new Map([...products].map((product) => [product.id, product]));
  const lines = cart.lines.map((line) => {
    const product = news.get(line.product.id);
    return product === undefined || product.version < line.product.version ? line : { ...line, product };
  });
  return { ...cart, lines };
}

/** The person has seen the prices and takes them. */
export function agree(cart: Cart): Cart {
  return { ...cart, lines: cart.lines.map((line) => ({ ...line, agreed_cents: line.product.price_cents })) };
}

/** Without what cannot be had now. */
export function withoutMissing(cart: Cart): Cart {
  return { ...cart, lines: cart.lines.filter(({ product }) => product.available) };
}

/** Lines that come back from an order that was refused: what the person put in meanwhile stays as it is. */
export function putBack(cart: Cart, lines: readonly Line[], note: string): Cart {
  const there = new Set(cart.lines.map(({ product }) => product.id));
  const back = lines.filter(({ product }) => !there.has(product.id));
  return { ...cart, lines: [...cart.lines, ...back], note: cart.note === "" ? note : cart.note };
}

export function changed(cart: Cart): readonly Line[] {
  return cart.lines.filter((line) => line.agreed_cents !== line.product.price_cents);
}

export function missing(cart: Cart): readonly Line[] {
  return cart.lines.filter(({ product }) => !product.available);
}

/** At today's prices. */
export function totalOf(cart: Cart): number {
  return cart.lines.reduce((sum, { product, quantity }) => sum + quantity * product.price_cents, 0);
}

/** An order, as far as it can be ordered again. */
export interface Ordered {
  items: readonly { product_id: string; name: string; unit: string; quantity: number; price_cents: number }[];
  shortages: readonly { product_id: string; available: number }[];
}

/** Its lines, at its prices until today's are known; where it was short, as much as there was. */
export function wishesOf({ items, shortages }: Ordered): readonly Wish[] {
  const there = new Map(shortages.map(({ product_id, available }) => [product_id, available]));
  return items
    .map(({ product_id, name, unit, quantity, price_cents }) => ({
      product: { id: product_id, name, unit, price_cents, version: 0, available: true },
      quantity: Math.min(quantity, there.get(product_id) ?? quantity),
    }))
    .filter(({ quantity }) => quantity > 0);
}

/** Why it cannot be ordered as it is; null when it can. */
export function hindrance(cart: Cart): "empty" | "lines" | "missing" | "prices" | null {
  if (cart.lines.length === 0) return "empty";
  if (cart.lines.length > MOST_LINES) return "lines";
  if (missing(cart).length > 0) return "missing";
  return changed(cart).length > 0 ? "prices" : null;
}

/** The carts of the people who use this browser, kept at once with every change. */
export class CartShelf {
  readonly cart: Store<Cart>;
  readonly #storage: Storing;
  readonly #newId: () => string;
  #person: string | null = null;

  constructor(storage: Storing, newId: () => string) {
    this.#storage = storage;
    this.#newId = newId;
    this.cart = new Store(this.#empty());
  }

  /** From now on this person's cart; nobody's is empty. */
  belongTo(person: string | null): void {
    this.#person = person;
    this.reload();
  }

  /** Another tab may have changed it. */
  reload(): void {
    this.cart.set(this.#read());
  }

  /** The kept cart, changed. A storage that throws changes nothing; `Memory` does not, and says so by `lasting`. */
  change(change: (cart: Cart) => Cart): void {
    if (this.#person === null) throw new Error("nobody is signed in");
    const next = change(this.#read());
    this.#storage.setItem(keyOf(this.#person), JSON.stringify(next));
    this.cart.set(next);
  }

  /** It was ordered: the next one has another name. One that was changed into another meanwhile stays. */
  ordered(id: string): void {
    if (this.#person === null || this.#read().id !== id) return;
    this.#storage.removeItem(keyOf(this.#person));
    this.reload();
  }

  /** Whether a storage event is about this cart. */
  concerns(key: string | null): boolean {
    return this.#person !== null && key === keyOf(this.#person);
  }

  #read(): Cart {
    const text = this.#person === null ? null : this.#storage.getItem(keyOf(this.#person));
    return text === null ? this.#empty() : JSON.parse(text);
  }

  #empty(): Cart {
    return { id: this.#newId(), lines: [], note: "" };
  }
}

function keyOf(person: string): string {
  return `larder.cart.${person}`;
}
