/** What a page may weigh, gzip: the promise of the design, which fails the build. */
import { gzipSync } from "node:zlib";

export const INITIAL_BYTES = 35 * 1024;
export const ROUTE_BYTES = 25 * 1024;
/** The map on tiles, which is loaded only where there are tiles and somebody looks. */
export const MAP_BYTES = 60 * 1024;
const MAP = "src/screens/map/Tiles.tsx";

/** As Vite writes it. */
export interface Chunk {
  file: string;
  isEntry?: boolean;
  isDynamicEntry?: boolean;
  imports?: string[];
}
export type Manifest = Record<string, Chunk>;

export interface Weight {
  name: string;
  bytes: number;
  most: number;
}

/** The first load, and each part that is loaded later with all that it brings, by `read`, which gives a file's bytes. */
export function weigh(manifest: Manifest, read: (file: string) => Uint8Array): Weight[] {
  const bytes = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + gzipSync(read(chunkOf(manifest, name).file), { level: 9 }).length, 0);
  const scripts = Object.entries(manifest).filter(([, { file }]) => file.endsWith(".js"));
  const entry = scripts.find(([, { isEntry }]) => isEntry)?.[0];
  if (entry === undefined) throw new Error("the build has no entry");
  const initial = reach(manifest, entry);
  const routes = scripts.filter(([name, { isDynamicEntry }]) => isDynamicEntry && !initial.has(name));
  return [
    { name: "first load", bytes: bytes(initial), most: INITIAL_BYTES },
    ...routes.map(([name]) => ({
      name,
      bytes: bytes(reach(manifest, name).difference(initial)),
      most: name === MAP ? MAP_BYTES : ROUTE_BYTES,
    })),
  ];
}

/** A chunk with all that it imports at once. */
function reach(manifest: Manifest, name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const each of chunkOf(manifest, name).imports ?? []) reach(manifest, each, seen);
  return seen;
}

function chunkOf(manifest: Manifest, name: string): Chunk {
  const chunk = manifest[name];
  if (chunk === undefined) throw new Error(`the build has no ${name}`);
  return chunk;
}
