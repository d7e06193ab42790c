/** The pages about the database and the processes, in the order in which they are offered. */
export const PAGES = [
  { path: "/database", name: "overview" },
  { path: "/database/queries", name: "queries" },
  { path: "/database/slow", name: "slow" },
  { path: "/database/tables", name: "tables" },
  { path: "/database/indexes", name: "indexes" },
  { path: "/database/pools", name: "pools" },
  { path: "/database/cache", name: "cache" },
  { path: "/database/streams", name: "streams" },
  { path: "/database/alerts", name: "alerts" },
] as const;

export type PageName = (typeof PAGES)[number]["name"];
