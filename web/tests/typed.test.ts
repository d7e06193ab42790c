import { describe, expect, it } from "vitest";
import * as person from "../src/screens/people/person";
import * as product from "../src/screens/products/product";
import * as restaurant from "../src/screens/restaurants/restaurant";

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

describe("a product's form", () => {
  const milk = { name: " Milk ", category: "Dairy", unit: "1 L", price_cents: "1,20", stock: "12", active: "on" };

  it("is read as the api takes it", () => {
    expect(product.typed(form(milk))).toEqual({
      name: "Milk",
      category: "Dairy",
      unit: "1 L",
      price_cents: 120,
      stock: 12,
      active: true,
    });
    const { active: _, ...inactive } = { ...milk, stock: "" };
    expect(product.typed(form(inactive))).toMatchObject({ stock: null, active: false });
  });

  it("names every field that holds no such thing", () => {
    expect(product.typed(form({ ...milk, price_cents: "$1", stock: "many" }))).toEqual(
      new Set(["price_cents", "stock"]),
    );
    expect(product.typed(form({ ...milk, stock: "-1" }))).toEqual(new Set(["stock"]));
  });
});

describe("a person's form", () => {
  it("sends with a role what belongs to it, and nothing that was typed for another", () => {
    const everything = { name: "Ada", zone: "7", restaurant_id: "r", active: "on" };
    const of = (role: string) => person.typed(form({ ...everything, role }));
    expect(of("driver")).toMatchObject({ zone: 7, restaurant_id: null });
    expect(of("restaurant")).toMatchObject({ zone: null, restaurant_id: "r" });
    expect(of("admin")).toMatchObject({ zone: null, restaurant_id: null });
  });

  it("names what the role needs", () => {
    expect(person.typed(form({ name: "Ada", role: "driver", zone: "north" }))).toEqual(new Set(["zone"]));
    expect(person.typed(form({ name: "Ada", role: "restaurant" }))).toEqual(new Set(["restaurant_id"]));
  });
});

describe("a restaurant's form", () => {
  const inn = {
    name: "Inn",
    address: "1 Main Street",
    "location.lat": "39,12",
    "location.lon": "-84.5",
    zone: "3",
    credit_limit_cents: "5000",
    active: "on",
  };

  it("is read as the api takes it", () => {
    expect(restaurant.typed(form(inn))).toEqual({
      name: "Inn",
      address: "1 Main Street",
      location: { lat: 39.12, lon: -84.5 },
      zone: 3,
      credit_limit_cents: 500_000,
      active: true,
    });
  });

  it("names every field that holds no such thing", () => {
    expect(restaurant.typed(form({ ...inn, "location.lon": "west", zone: "", credit_limit_cents: "-1" }))).toEqual(
      new Set(["location.lon", "zone", "credit_limit_cents"]),
    );
  });
});
