/**
 * Every screen of each role: its address, its name in the navigation, and the part of the app that it is loaded from.
 * To add one: a folder in `screens/`, and a line here.
 */
import type { ComponentType } from "preact";
import { session, texts } from "./app";
import type { Role } from "./lib/session";
import { PAGES, type PageName } from "./screens/database/pages";
import { CartCount } from "./shell/CartCount";
import type { IconName } from "./ui/Icon";
import { part } from "./ui/part";

export interface Screen {
  path: string;
  /** Beside its name. */
  icon?: IconName;
  /** Its name in the navigation; screens without one are reached from others. */
  name?: string;
  /** What is to be known of it before it is opened, beside its name. */
  mark?: ComponentType;
  component: ComponentType;
}

const say = texts({
  en: {
    orders: "Orders",
    deliveries: "Deliveries",
    map: "Map",
    done: "Done",
    catalogue: "Catalogue",
    cart: "Cart",
    account: "Account",
    figures: "Figures",
    database: "Database",
    products: "Products",
    restaurants: "Restaurants",
    people: "People",
  },
  de: {
    orders: "Bestellungen",
    deliveries: "Lieferungen",
    map: "Karte",
    done: "Erledigt",
    catalogue: "Sortiment",
    cart: "Korb",
    account: "Konto",
    figures: "Zahlen",
    database: "Datenbank",
    products: "Artikel",
    restaurants: "Restaurants",
    people: "Personen",
  },
});

const order: Screen = { path: "/orders/:id", component: part(() => import("./screens/order/Order")) };

const FIGURES: readonly Screen[] = [
  { path: "/figures", name: say("figures"), icon: "chart", component: part(() => import("./screens/figures/Figures")) },
  { path: "/figures/orders", component: part(() => import("./screens/figures/Orders")) },
];
const DATABASE: Record<PageName, ComponentType> = {
  overview: part(() => import("./screens/database/Overview")),
  queries: part(() => import("./screens/database/Queries")),
  slow: part(() => import("./screens/database/Slow")),
  tables: part(() => import("./screens/database/Tables")),
  indexes: part(() => import("./screens/database/Indexes")),
  pools: part(() => import("./screens/database/Pools")),
  cache: part(() => import("./screens/database/Cache")),
  streams: part(() => import("./screens/database/Streams")),
  alerts: part(() => import("./screens/alerts/Alerts")),
};

export const SCREENS: Record<Role, readonly Screen[]> = {
  restaurant: [
    {
      path: "/",
      name: say("catalogue"),
      icon: "store",
      component: part(() => import("./screens/catalogue/Catalogue")),
    },
    { path: "/products/:id", component: part(() => import("./screens/product/Product")) },
    {
      path: "/cart",
      name: say("cart"),
      icon: "basket",
      mark: CartCount,
      component: part(() => import("./screens/cart/Cart")),
    },
    { path: "/orders", name: say("orders"), icon: "list", component: part(() => import("./screens/orders/Orders")) },
    order,
    {
      path: "/account",
      name: say("account"),
      icon: "wallet",
      component: part(() => import("./screens/account/Account")),
    },
  ],
  driver: [
    {
      path: "/",
      name: say("deliveries"),
      icon: "truck",
      component: part(() => import("./screens/deliveries/Deliveries")),
    },
    { path: "/map", name: say("map"), icon: "map", component: part(() => import("./screens/map/Map")) },
    { path: "/done", name: say("done"), icon: "check", component: part(() => import("./screens/done/Done")) },
    order,
  ],
  admin: [
    { path: "/", name: say("orders"), icon: "list", component: part(() => import("./screens/desk/Desk")) },
    { path: "/orders/:id", component: part(() => import("./screens/desk/OrderOfAdmin")) },
    ...FIGURES,
    {
      path: "/products",
      name: say("products"),
      icon: "box",
      component: part(() => import("./screens/products/Products")),
    },
    { path: "/products/new", component: part(() => import("./screens/products/NewProduct")) },
    { path: "/products/import", component: part(() => import("./screens/products/Import")) },
    { path: "/products/:id", component: part(() => import("./screens/products/Product")) },
    {
      path: "/restaurants",
      name: say("restaurants"),
      icon: "store",
      component: part(() => import("./screens/restaurants/Restaurants")),
    },
    { path: "/restaurants/new", component: part(() => import("./screens/restaurants/NewRestaurant")) },
    { path: "/restaurants/:id", component: part(() => import("./screens/restaurants/Restaurant")) },
    { path: "/people", name: say("people"), icon: "people", component: part(() => import("./screens/people/People")) },
    { path: "/people/new", component: part(() => import("./screens/people/NewPerson")) },
    { path: "/people/:id", component: part(() => import("./screens/people/Person")) },
    ...PAGES.map(({ path, name }) => ({
      path,
      component: DATABASE[name],
      ...(name === "overview" && { name: say("database"), icon: "database" as const }),
    })),
  ],
};

/** What goes on whichever screen is open: a driver's position is shared while something is on the way. */
export const BEHIND: Partial<Record<Role, () => Promise<unknown>>> = {
  async driver() {
    const { work } = await import("./screens/deliveries/work");
    if (session.person.value?.role === "driver") work(); // they may have signed out meanwhile
  },
};

/** The pattern of an address, without what it names: for reports. */
export function patternOf(role: Role | undefined, path: string): string {
  if (role === undefined) return "/sign-in";
  const parts = path.split("/");
  const fits = (pattern: string) => {
    const wanted = pattern.split("/");
    return wanted.length === parts.length && wanted.every((each, at) => each.startsWith(":") || each === parts[at]);
  };
  return SCREENS[role].find((screen) => fits(screen.path))?.path ?? "/nowhere";
}
