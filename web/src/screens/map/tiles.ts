/** Where a map's tiles come from, as the build was told (LARDER_TILE_URL); empty: there are none, and the map is a sketch. */

declare const __TILE_URL__: string;
declare const __TILE_ATTRIBUTION__: string;

export const TILES = { url: __TILE_URL__, attribution: __TILE_ATTRIBUTION__ };
