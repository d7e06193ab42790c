/** The catalogue as the server has it, and what this kitchen usually orders of it. */
import { api } from "./app";
import type { components } from "./generated/catalog";
import { answer, ProblemError } from "./lib/api";
import type { Product } from "./lib/cart";

export type Listed = components["schemas"]["Listed"];
export type Category = components["schemas"]["Category"];
export type Suggestion = components["schemas"]["Suggestion"];

export interface Products {
  items: readonly Listed[];
  next_cursor: string | null;
}

const USUAL = 12;
const SUGGESTIONS = 6;
/** As many as a browser asks of one origin at once. */
const AT_ONCE = 6;

/** A page of the twenty that the edge keeps: of a category, or the best matches first. */
export function listProducts(category: string | null, q: string, cursor: string | null): Promise<Products> {
  const query = { ...(category === null ? {} : { category }), ...(q === "" ? {} : { q }) };
  return answer(
    api.GET("/api/catalog/products", { params: { query: { ...query, ...(cursor === null ? {} : { cursor }) } } }),
  );
}

export async function listCategories(): Promise<readonly Category[]> {
  const all: Category[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 100, ...(cursor === null ? {} : { cursor }) };
    const page: components["schemas"]["CategoryPage"] = await answer(
      api.GET("/api/catalog/categories", { params: { query } }),
    );
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

export async function suggest(q: string): Promise<readonly Suggestion[]> {
  const { items } = await answer(api.GET("/api/catalog/suggestions", { params: { query: { q, limit: SUGGESTIONS } } }));
  return items;
}

/** Null when there is no such product. */
export async function getProduct(id: string): Promise<Listed | null> {
  try {
    return await answer(api.GET("/api/catalog/products/{product_id}", { params: { path: { product_id: id } } }));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return null;
    throw error;
  }
}

/** Those that there are, a few at a time. */
export async function getProducts(ids: readonly string[]): Promise<readonly Listed[]> {
  const found: (Listed | null)[] = new Array(ids.length).fill(null);
  let next = 0;
  const take = async () => {
    for (let place = next++; place < ids.length; place = next++) found[place] = await getProduct(ids[place] ?? "");
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return found.filter((product) => product !== null);
}

/** A product as carts keep it: without what is only looked at. */
export function forCart({ id, name, unit, price_cents, version, available }: Listed): Product {
  return { id, name, unit, price_cents, version, available };
}

export interface Usual {
  product: Listed;
  /** As many as an order of it had, on average. */
  quantity: number;
}

/** What this kitchen ordered most of in the last thirty days, as it is now. */
export async function listUsual(): Promise<readonly Usual[]> {
  const { items } = await answer(api.GET("/api/analytics/products/top", { params: { query: { limit: USUAL } } }));
  const products = await getProducts(items.map(({ product_id }) => product_id));
  const each = new Map(items.map((top) => [top.product_id, Math.max(1, Math.round(top.quantity / top.orders))]));
  return products
    .filter(({ available }) => available)
    .map((product) => ({ product, quantity: each.get(product.id) ?? 1 }));
}
