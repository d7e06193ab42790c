/**
 * Where a map's tiles come from, by two settings of the build: LARDER_TILE_URL, such as
 * `https://tiles.example.com/{z}/{x}/{y}.png`, and LARDER_TILE_ATTRIBUTION, which most who give tiles away ask for.
 * Without the first there are no tiles, and the map is a sketch.
 */

export interface Tiles {
  url: string;
  attribution: string;
  /** What the policy lets pictures be loaded from; null where that is ourselves, or nobody. */
  origin: string | null;
}

const PLACES = ["{z}", "{x}", "{y}"];

/** Throws for an address that could never be one of a tile: the map would be empty, and nobody would know why. */
export function tilesOf(settings: Readonly<Record<string, string | undefined>>): Tiles {
  const url = settings.LARDER_TILE_URL ?? "";
  const attribution = settings.LARDER_TILE_ATTRIBUTION ?? "";
  if (url === "") return { url, attribution: "", origin: null };
  const missing = PLACES.filter((place) => !url.includes(place));
  if (missing.length > 0) throw new Error(`LARDER_TILE_URL has no ${missing.join(" and no ")}: ${url}`);
  if (url.startsWith("/") && !url.startsWith("//")) return { url, attribution, origin: null };
  const address = URL.parse(url);
  if (address === null || !["https:", "http:"].includes(address.protocol) || /[{}]|%7B/i.test(address.host)) {
    throw new Error(`LARDER_TILE_URL is neither a path of ours nor an address of one server: ${url}`);
  }
  return { url, attribution, origin: address.origin };
}
