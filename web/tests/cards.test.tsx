// @vitest-environment happy-dom
/** The cards that people act on: a product, an order in a kitchen's list, an order on the admin's board. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cartShelf } from "../src/app";
import type { Listed } from "../src/catalogue";
import type { Entry } from "../src/orders";
import { ProductCard } from "../src/screens/catalogue/ProductCard";
import { Ticket, type TicketProps } from "../src/screens/desk/Ticket";
import { Row } from "../src/screens/orders/Row";
import { show } from "./page";

const MILK: Listed = {
  id: "milk",
  sku: "7",
  name: "Milk, Whole",
  category: "Dairy",
  unit: "1 l",
  price_cents: 149,
  version: 3,
  available: true,
} as Listed;
const ORDER: Entry = {
  id: "o1",
  number: 1007,
  restaurant_id: "r1",
  restaurant_name: "Meadow Bistro",
  zone: 3,
  driver_id: null,
  driver_name: null,
  status: "confirmed",
  reason: null,
  version: 2,
  total_cents: 4821,
  lines: 3,
  address: "1 Elm Street",
  location: { lat: 39.1, lon: -84.5 },
  stop: null,
  shortages: [],
  created_at: "2026-11-01T12:00:00Z",
  updated_at: "2026-11-01T12:01:00Z",
};
const text = () => document.body.textContent ?? "";

beforeEach(() => {
  localStorage.clear();
  cartShelf.belongTo("rita");
});
afterEach(() => show(null).then(() => cartShelf.belongTo(null)));

describe("a product's card", () => {
  it("says what it is and costs, and leads to it", async () => {
    await show(<ProductCard product={MILK} />);
    expect(text()).toContain("Milk");
    expect(text()).toContain("1 l");
    expect(text()).toContain("$1.49");
    expect(document.querySelector("a")?.getAttribute("href")).toBe("/products/milk");
  });

  it("puts as much into the cart as is usual, and then counts what is there", async () => {
    await show(<ProductCard product={MILK} usually={6} />);
    document.querySelector("button")?.click();
    expect(cartShelf.cart.value.lines).toMatchObject([{ product: { id: "milk", version: 3 }, quantity: 6 }]);
    await show(<ProductCard product={MILK} usually={6} />);
    const quantity = document.querySelector("input") as HTMLInputElement;
    expect(quantity.value).toBe("6");
    quantity.value = "1000";
    quantity.dispatchEvent(new Event("change", { bubbles: true }));
    expect(quantity.value).toBe("6"); // an order has at most 999 of a product
    quantity.value = "12";
    quantity.dispatchEvent(new Event("change", { bubbles: true }));
    expect(cartShelf.cart.value.lines[0]?.quantity).toBe(12);
  });

  it("of what is not sold now says so, and cannot be bought", async () => {
    await show(<ProductCard product={{ ...MILK, available: false }} />);
    expect(text()).toContain("Not there now");
    expect(document.querySelector("button")).toBeNull();
  });
});

describe("an order's card in a kitchen's list", () => {
  it("says its number, sum and state, and leads to it", async () => {
    await show(<Row order={ORDER} />);
    for (const said of ["1007", "$48.21", "Confirmed", "3 lines"]) expect(text()).toContain(said);
    expect(document.querySelector("a")?.getAttribute("href")).toBe("/orders/o1");
    expect(document.querySelector("time")?.getAttribute("datetime")).toBe(ORDER.created_at);
  });
});

describe("an order's card on the board", () => {
  const card = (more: Partial<TicketProps> = {}) => (
    <Ticket
      order={ORDER}
      since="4 min"
      selected={false}
      current={true}
      sending={false}
      onSelect={() => undefined}
      onAct={() => undefined}
      {...more}
    />
  );

  it("has its next step as its one button, whose name says of which order", async () => {
    const onAct = vi.fn();
    await show(card({ onAct }));
    const buttons = document.querySelectorAll("button");
    expect(buttons).toHaveLength(1);
    expect(buttons[0]?.getAttribute("aria-label")).toMatch(/1007.*Meadow Bistro/);
    buttons[0]?.click();
    expect(onAct).toHaveBeenCalledWith("prepare", ORDER);
  });

  it("is chosen by its box", async () => {
    const onSelect = vi.fn();
    await show(card({ onSelect }));
    document.querySelector("input")?.dispatchEvent(new Event("change", { bubbles: true }));
    expect(onSelect).toHaveBeenCalledWith("o1");
  });

  it("has no button while a step is on its way, or while somebody else is to act", async () => {
    await show(card({ sending: true }));
    expect(document.querySelector("button")).toBeNull();
    expect(text()).toContain("Sending");
    await show(card({ order: { ...ORDER, version: 5, status: "out_for_delivery" } }));
    expect(document.querySelector("button")).toBeNull();
  });
});
