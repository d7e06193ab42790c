// @vitest-environment happy-dom
/** The cart as its screen has it: what changed is told and asked for, and what is refused comes back. */
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cartShelf, outbox, session } from "../src/app";
import type { Product } from "../src/lib/cart";
import { add, learn } from "../src/lib/cart";
import type { Person } from "../src/lib/session";
import Cart from "../src/screens/cart/Cart";
import { drawn, named, press, problem, serve, show } from "./page";

const RITA: Person = { id: "rita", name: "Rita", role: "restaurant", restaurant_id: "r1", zone: 3 };
const MILK: Product = { id: "milk", name: "Milk", unit: "1 l", price_cents: 149, version: 3, available: true };
const EGGS: Product = { id: "eggs", name: "Eggs", unit: "10", price_cents: 320, version: 1, available: true };
const text = () => document.body.textContent ?? "";
const go = () => document.querySelector("button.go") as HTMLButtonElement;

type Answers = Parameters<typeof serve>[0];

/** A kitchen with a cart of two products, and a server with these answers. */
async function open(answers: Answers = {}): Promise<string[]> {
  const opened = () => Response.json({ access_token: "t", expires_in: 900, person: RITA }, { status: 201 });
  const asked = serve({ "POST /api/accounts/sessions": opened, ...answers });
  await session.signIn("rita@larder.test", "larder");
  cartShelf.belongTo("rita");
  cartShelf.change((cart) => add(add(cart, { product: MILK, quantity: 2 }), { product: EGGS, quantity: 1 }));
  await show(
    <LocationProvider>
      <Cart />
    </LocationProvider>,
  );
  await drawn();
  return asked;
}

beforeEach(() => localStorage.clear());
afterEach(async () => {
  await show(null);
  for (const { key } of outbox.actions.value) await outbox.remove(key);
  await session.ended();
  cartShelf.belongTo(null);
});

describe("a cart", () => {
  it("shows each line with its sum, and all of them with theirs", async () => {
    await open();
    for (const said of ["Milk", "$2.98", "Eggs", "$3.20", "$6.18"]) expect(text()).toContain(said);
    await press("One more of Milk, 1 l");
    expect(text()).toContain("$7.67");
    await press("Take out Eggs, 10");
    expect(cartShelf.cart.value.lines).toHaveLength(1);
  });

  it("that is empty says where to fill it", async () => {
    await open();
    await press("Take out Eggs, 10");
    await press("Take out Milk, 1 l");
    expect(text()).toContain("Your cart is empty.");
    expect(named("To the catalogue").getAttribute("href")).toBe("/");
  });

  it("is not ordered before a changed price was accepted, which stands beside the old one", async () => {
    await open();
    cartShelf.change((cart) => learn(cart, [{ ...MILK, price_cents: 199, version: 4 }]));
    await drawn();
    expect(text()).toContain("Milk: $1.49 before, $1.99 now");
    expect(go().disabled).toBe(true);
    await press("Accept the new prices");
    expect(go().disabled).toBe(false);
    expect(text()).not.toContain("before");
  });

  it("is not ordered with what is not there, which can be taken out", async () => {
    await open();
    cartShelf.change((cart) => learn(cart, [{ ...EGGS, available: false, version: 2 }]));
    await drawn();
    expect(go().disabled).toBe(true);
    await press("Take out what is not there");
    expect(cartShelf.cart.value.lines.map(({ product }) => product.id)).toEqual(["milk"]);
    expect(go().disabled).toBe(false);
  });

  it("becomes an order under its own name, and is empty then", async () => {
    let sent: unknown;
    const asked = await open({
      "POST /api/orders": (body) => {
        sent = body;
        return Response.json({ id: "o1", number: 1007 }, { status: 201 });
      },
    });
    await press("Order for $6.18");
    await drawn();
    expect(asked.filter((each) => each === "POST /api/orders")).toHaveLength(1);
    expect(sent).toMatchObject({
      items: [
        { product_id: "milk", quantity: 2, price_cents: 149, version: 3 },
        { product_id: "eggs", quantity: 1, price_cents: 320, version: 1 },
      ],
    });
    expect(cartShelf.cart.value.lines).toEqual([]);
    expect(location.pathname).toBe("/orders/o1");
  });

  it("that is refused for its prices is back with the new ones, and says so", async () => {
    const present = [{ product_id: "milk", price_cents: 199, version: 4 }];
    await open({ "POST /api/orders": () => problem(409, { code: "price", present }) });
    const { id } = cartShelf.cart.value;
    await press("Order for $6.18");
    await drawn();
    expect(text()).toContain("The order was not placed, for prices have changed.");
    expect(text()).toContain("Milk: $1.49 before, $1.99 now");
    expect(cartShelf.cart.value).toMatchObject({ id, lines: [{ quantity: 2 }, { quantity: 1 }] });
    expect(outbox.actions.value).toEqual([]);
  });

  it("beyond the credit says by how much, and what is left", async () => {
    await open({
      "GET /api/orders/credit": () =>
        Response.json({ limit_cents: 1000, held_cents: 0, owed_cents: 500, available_cents: 500 }),
    });
    expect(text()).toContain("This is $1.18 more than the credit you have left.");
  });
});
