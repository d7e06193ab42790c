import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  add,
  agree,
  type Cart,
  CartShelf,
  changed,
  hindrance,
  learn,
  MOST_LINES,
  MOST_QUANTITY,
  missing,
  type Product,
  putBack,
  setQuantity,
  totalOf,
  wishesOf,
  withoutMissing,
} from "../src/lib/cart";

const EMPTY: Cart = { id: "c", lines: [], note: "" };

function product(id: string, more: Partial<Product> = {}): Product {
  return { id, name: id, unit: "each", price_cents: 100, version: 1, available: true, ...more };
}

describe("a cart", () => {
  it("has each product once, in quantities that can be ordered, whatever is done to it", () => {
    const ids = fc.constantFrom("a", "b", "c");
    const deeds = fc.oneof(
      fc.record({ is: fc.constant("add" as const), id: ids, quantity: fc.integer({ min: 1, max: 2000 }) }),
      fc.record({ is: fc.constant("set" as const), id: ids, quantity: fc.integer({ min: -5, max: 2000 }) }),
      fc.record({ is: fc.constant("back" as const), id: ids, quantity: fc.integer({ min: 1, max: MOST_QUANTITY }) }),
    );
    fc.assert(
      fc.property(fc.array(deeds), (all) => {
        let cart = EMPTY;
        for (const { is, id, quantity } of all) {
          if (is === "add") cart = add(cart, { product: product(id), quantity });
          else if (is === "set") cart = setQuantity(cart, id, quantity);
          else cart = putBack(cart, [{ product: product(id), quantity, agreed_cents: 100 }], "");
        }
        const there = cart.lines.map((line) => line.product.id);
        expect(new Set(there).size).toBe(there.length);
        for (const line of cart.lines) {
          expect(line.quantity).toBeGreaterThanOrEqual(1);
          expect(line.quantity).toBeLessThanOrEqual(MOST_QUANTITY);
        }
      }),
    );
  });

  it("keeps the price that was agreed to beside the one that is, until that is agreed to", () => {
    const had = add(EMPTY, { product: product("milk"), quantity: 3 });
    const cart = learn(had, [product("milk", { price_cents: 120, version: 2 }), product("other")]);
    expect(changed(cart)).toMatchObject([{ agreed_cents: 100, product: { price_cents: 120 } }]);
    expect([totalOf(cart), hindrance(cart)]).toEqual([360, "prices"]);
    expect([changed(agree(cart)), hindrance(agree(cart))]).toEqual([[], null]);
  });

  it("is not told of a price by what is older than it knows", () => {
    const had = add(EMPTY, { product: product("milk", { version: 5 }), quantity: 1 });
    expect(learn(had, [product("milk", { version: 4, price_cents: 1 })])).toEqual(had);
  });

  it("agrees to a price by taking more at it", () => {
    const had = add(EMPTY, { product: product("milk"), quantity: 1 });
    const more = add(had, { product: product("milk", { price_cents: 90, version: 2 }), quantity: 1 });
    expect(more.lines).toMatchObject([{ quantity: 2, agreed_cents: 90 }]);
    const again = add(more, { product: product("milk", { price_cents: 70, version: 0 }), quantity: 1 }); // an old order's
    expect(again.lines).toMatchObject([{ quantity: 3, agreed_cents: 90, product: { price_cents: 90, version: 2 } }]);
  });

  it("cannot be ordered with what is not there, nor empty, nor longer than an order may be", () => {
    const cart = [product("a"), product("b", { available: false })].reduce(
      (sum, each) => add(sum, { product: each, quantity: 1 }),
      EMPTY,
    );
    expect([hindrance(cart), missing(cart).length]).toEqual(["missing", 1]);
    expect(hindrance(withoutMissing(cart))).toBeNull();
    expect(hindrance(EMPTY)).toBe("empty");
    const long = Array.from({ length: MOST_LINES + 1 }, (_, each) => product(String(each)));
    expect(hindrance(long.reduce((sum, each) => add(sum, { product: each, quantity: 1 }), EMPTY))).toBe("lines");
  });

  it("takes back what was refused beside what was put in meanwhile", () => {
    const now = { ...add(EMPTY, { product: product("milk"), quantity: 9 }), note: "now" };
    const lines = ["milk", "eggs"].map((id) => ({ product: product(id), quantity: 1, agreed_cents: 100 }));
    const back = putBack(now, lines, "then");
    expect(back.lines.map((line) => [line.product.id, line.quantity])).toEqual([
      ["milk", 9],
      ["eggs", 1],
    ]);
    expect(back.note).toBe("now");
    expect(putBack(EMPTY, lines, "then").note).toBe("then");
  });
});

describe("an order to be ordered again", () => {
  const items = ["milk", "eggs", "salt"].map((id) => ({
    product_id: id,
    name: id,
    unit: "each",
    quantity: 5,
    price_cents: 100,
  }));

  it("has its lines, and of what was short as much as there was", () => {
    const shortages = [
      { product_id: "eggs", available: 2 },
      { product_id: "salt", available: 0 },
    ];
    const wishes = wishesOf({ items, shortages });
    expect(wishes.map(({ product, quantity }) => [product.id, quantity])).toEqual([
      ["milk", 5],
      ["eggs", 2],
    ]);
  });

  it("is told of by any news of its products", () => {
    const cart = wishesOf({ items, shortages: [] }).reduce(add, EMPTY);
    const now = learn(cart, [product("milk", { price_cents: 110 })]);
    expect(changed(now)).toMatchObject([{ agreed_cents: 100, product: { price_cents: 110, version: 1 } }]);
  });
});

describe("the shelf of carts", () => {
  let kept: Map<string, string>;
  let storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  let count = 0;
  const open = (person: string) => {
    const shelf = new CartShelf(storage, () => `cart ${++count}`);
    shelf.belongTo(person);
    return shelf;
  };
  const milk = { product: product("milk"), quantity: 1 };

  beforeEach(() => {
    kept = new Map();
    storage = {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  });

  it("gives each person their own, as it was, also after the browser was closed", () => {
    const shelf = open("ada");
    shelf.change((cart) => add(cart, milk));
    const before = shelf.cart.value;
    shelf.belongTo("bo");
    expect(shelf.cart.value.lines).toEqual([]);
    shelf.belongTo(null);
    expect(() => shelf.change((cart) => add(cart, milk))).toThrow("signed in");
    expect(open("ada").cart.value).toEqual(before);
  });

  it("loses nothing that another tab put in", () => {
    const [one, other] = [open("ada"), open("ada")];
    one.change((cart) => add(cart, milk));
    other.change((cart) => add(cart, { product: product("eggs"), quantity: 2 }));
    expect(one.concerns([...kept.keys()][0] ?? null)).toBe(true);
    one.reload();
    expect(one.cart.value.lines.map((line) => line.product.id)).toEqual(["milk", "eggs"]);
  });

  it("changes nothing when it cannot be kept", () => {
    const shelf = open("ada");
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    expect(() => shelf.change((cart) => add(cart, milk))).toThrow("full");
    expect(shelf.cart.value.lines).toEqual([]);
  });

  it("is empty under another name once it was ordered, and stays when another one was", () => {
    const shelf = open("ada");
    shelf.change((cart) => add(cart, milk));
    const { id } = shelf.cart.value;
    shelf.ordered("another");
    expect(shelf.cart.value.lines).toHaveLength(1);
    shelf.ordered(id);
    expect(shelf.cart.value.lines).toEqual([]);
    expect(shelf.cart.value.id).not.toBe(id);
  });
});
