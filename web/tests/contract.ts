/**
 * A server that answers whatever the contracts allow (`contracts/*.json`), by chance that can be repeated: any state, null
 * where null may be, lists that are empty or not. What it says fits together in nothing but its types.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Chance } from "../src/lib/clock";

interface Schema {
  $ref?: string;
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  type?: string;
  format?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  minItems?: number;
}

interface Document {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }>
  >;
  components: { schemas: Record<string, Schema> };
}

const FOLDER = join(import.meta.dirname, "..", "contracts");
const DOCUMENTS = readdirSync(FOLDER)
  .filter((name) => name !== "frames.json")
  .map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Document);
const NOW = Date.UTC(2026, 10, 27, 18);
const DAY = 86_400_000;
const WORDS = [
  "Bread",
  "Olives, green & black",
  "FRZN MEAT/MEAT DINNERS",
  "A name that is long enough to be wrapped twice",
];

/** The answer to a GET of this path; undefined when no contract has it. */
export function anyAnswer(path: string, chance: Chance): Response | undefined {
  for (const document of DOCUMENTS) {
    const pattern = Object.keys(document.paths)
      .filter((each) => matches(each, path))
      .sort((a, b) => a.split("{").length - b.split("{").length)[0]; // what is spelled out before what is a parameter
    const schema = document.paths[pattern ?? ""]?.get?.responses["200"]?.content?.["application/json"]?.schema;
    if (schema !== undefined) return Response.json(sample(schema, document, chance, ""));
  }
  return undefined;
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/\{[^}]*\}/g, "[^/]+")}$`).test(path);
}

function sample(schema: Schema, document: Document, chance: Chance, name: string): unknown {
  const among = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;
  const again = (next: Schema, its = name) => sample(next, document, chance, its);
  if (schema.$ref !== undefined) return again(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return among(schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return again(among(choices));
  switch (schema.type) {
    case "null":
      return null;
    case "boolean":
      return chance() < 0.5;
    case "integer":
    case "number": {
      const [low, high] = [schema.minimum ?? 0, schema.maximum ?? among([0, 3, 500, 90_000])];
      const value = low + chance() * (high - low);
      return schema.type === "integer" ? Math.round(value) : value;
    }
    case "array": {
      const length = Math.max(schema.minItems ?? 0, Math.floor(chance() * 4));
      return Array.from({ length }, () => again(schema.items ?? {}));
    }
    case "object": {
      const { properties = {}, additionalProperties: rest } = schema;
      const found = Object.entries(properties).map(([key, value]) => [key, again(value, key)]);
      if (typeof rest === "object") found.push(["one", again(rest)], ["two", again(rest)]);
      return Object.fromEntries(found);
    }
    default:
      return text(schema, name, chance, among);
  }
}

/** What services write into a text that has no format of its own, and a page reads out of it. */
function text(schema: Schema, name: string, chance: Chance, among: <T>(all: readonly T[]) => T): string {
  if (schema.format === "uuid") return `01a21dfc-0000-7000-8000-${Math.floor(chance() * 1e12)}`.padEnd(36, "0");
  const moment = new Date(NOW - chance() * 40 * DAY).toISOString();
  if (schema.format === "date-time") return moment;
  if (schema.format === "date") return moment.slice(0, 10);
  if (/zone$/.test(name)) return among(["UTC", "America/New_York"]);
  if (name === "next_cursor") return "more";
  return among(WORDS);
}
