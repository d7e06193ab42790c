/** The pages about the database and the processes, each a part of its own. */
import { part } from "../../ui/part";

export const PAGES = [
  { path: "/database", name: "overview", component: part(() => import("./Overview")) },
  { path: "/database/queries", name: "queries", component: part(() => import("./Queries")) },
  { path: "/database/slow", name: "slow", component: part(() => import("./Slow")) },
  { path: "/database/tables", name: "tables", component: part(() => import("./Tables")) },
  { path: "/database/indexes", name: "indexes", component: part(() => import("./Indexes")) },
  { path: "/database/pools", name: "pools", component: part(() => import("./Pools")) },
  { path: "/database/cache", name: "cache", component: part(() => import("./Cache")) },
  { path: "/database/streams", name: "streams", component: part(() => import("./Streams")) },
  { path: "/database/alerts", name: "alerts", component: part(() => import("../alerts/Alerts")) },
] as const;

export type PageName = (typeof PAGES)[number]["name"];
