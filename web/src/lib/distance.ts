/** How far two places are from each other, as the crow flies. */

export interface Place {
  lat: number;
  lon: number;
}

const EARTH_RADIUS_M = 6_371_000;

/** Metres on a sphere, which is within half a per cent of the earth. */
export function metresBetween(from: Place, to: Place): number {
  const half = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2;
  const chord =
    half(from.lat, to.lat) + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * half(from.lon, to.lon);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** "350 m", "1.2 km", "14 km": no more digits than a person can use. */
export function distance(metres: number, locale: string): string {
  if (metres < 950) return inUnit(Math.round(metres / 50) * 50, "meter", 0, locale);
  return inUnit(metres / 1000, "kilometer", metres < 9950 ? 1 : 0, locale);
}

function inUnit(value: number, unit: string, digits: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
