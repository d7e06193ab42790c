/**
 * TypeScript of what the services and the socket promise, written from `contracts/` into `src/generated/`.
 *
 * `contracts/` is what Python makes of the same Structs that the services answer with (`just contracts`).
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const CONTRACTS = new URL("../contracts/", import.meta.url);
const GENERATED = new URL("../src/generated/", import.meta.url);
const HEAD = "// Written by `just contracts`; a test compares.\n\n";

/** File name → content, for each document of `contracts/`. */
export async function generated(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of (await readdir(CONTRACTS)).sort()) {
    const document = JSON.parse(await readFile(new URL(name, CONTRACTS), "utf8"));
    const types = await openapiTS(document, { alphabetize: false, defaultNonNullable: false });
    files.set(name.replace(/\.json$/, ".ts"), HEAD + astToString(types));
  }
  return files;
}

if (import.meta.main) {
  for (const [name, text] of await generated()) await writeFile(new URL(name, GENERATED), text);
}
