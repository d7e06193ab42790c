/** How Postgres does a query, as EXPLAIN tells it in JSON, made readable. Pure; refuses nothing: a plan of a later
 * Postgres has words that are not known here, and shows what is. */

/** A plan's document: one statement, as EXPLAIN (FORMAT JSON) writes it. */
export type PlanDocument = readonly Readonly<Record<string, unknown>>[];

export interface PlanStep {
  /** Index Scan, Hash Join … */
  does: string;
  /** The table that it reads, and by which index. */
  table: string | null;
  index: string | null;
  /** What it keeps and throws away by, as SQL. */
  conditions: readonly string[];
  /** As the planner guesses; it was not executed. */
  rows: number | null;
  cost: number | null;
  /** Reads a table from one end to the other. */
  whole: boolean;
  steps: readonly PlanStep[];
}

const CONDITIONS = ["Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter"];

export function stepsOf(document: PlanDocument): PlanStep[] {
  return document
    .map((statement) => statement.Plan)
    .filter(isNode)
    .map(stepOf);
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

function stepOf(node: Node): PlanStep {
  const inner = Array.isArray(node.Plans) ? node.Plans.filter(isNode) : [];
  const join = text(node["Join Type"]);
  const type = text(node["Node Type"]) ?? "?";
  return {
    does: join === null || join === "Inner" ? type : `${type} (${join})`,
    table: text(node["Relation Name"]),
    index: text(node["Index Name"]),
    conditions: CONDITIONS.map((name) => text(node[name])).filter((each) => each !== null),
    rows: number(node["Plan Rows"]),
    cost: number(node["Total Cost"]),
    whole: type === "Seq Scan",
    steps: inner.map(stepOf),
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
