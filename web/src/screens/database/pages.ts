/** The pages about the database and the processes, each a part of its own. */
import { lazy } from "preact-iso";

export const PAGES = [
  { path: "/database", name: "overview", component: lazy(() => import("./Overview")) },
  { path: "/database/queries", name: "queries", component: lazy(() => import("./Queries")) },
  { path: "/database/slow", name: "slow", component: lazy(() => import("./Slow")) },
  { path: "/database/tables", name: "tables", component: lazy(() => import("./Tables")) },
  { path: "/database/indexes", name: "indexes", component: lazy(() => import("./Indexes")) },
  { path: "/database/pools", name: "pools", component: lazy(() => import("./Pools")) },
  { path: "/database/cache", name: "cache", component: lazy(() => import("./Cache")) },
  { path: "/database/streams", name: "streams", component: lazy(() => import("./Streams")) },
  { path: "/database/alerts", name: "alerts", component: lazy(() => import("../alerts/Alerts")) },
] as const;

export type PageName = (typeof PAGES)[number]["name"];
