/**
 * A map without tiles, as numbers: where on the picture the driver and the stops are, how far the rings reach, how long
 * the scale bar is. Pure; a few kilometres are flat.
 */
import type { Place } from "../../lib/distance";

export interface Stop extends Place {
  id: string;
  /** Its number in the route. */
  place: number;
  name: string;
}

export interface Point {
  x: number;
  y: number;
}

/** Stops at one spot of the picture, such as two orders of one kitchen, are one mark. */
export interface Mark extends Point {
  stops: readonly Stop[];
}

export interface Sketch {
  here: Point | null;
  marks: readonly Mark[];
  /** The way, from the driver through the stops in their order. */
  way: readonly Point[];
  /** Round the driver, the smallest first. `metres` is a number that a person would say. */
  rings: readonly { metres: number; radius: number }[];
  scale: { metres: number; length: number };
}

const METRES_A_DEGREE = 111_195;
const MARGIN = 44; // a mark at the edge is whole, with its name beside it
const NEAR = 22;
const LEAST_METRES = 400; // one stop at the door does not fill the picture
const RINGS = 4;

export function sketchOf(here: Place | null, stops: readonly Stop[], width: number, height: number): Sketch {
  const places: readonly Place[] = here === null ? stops : [here, ...stops];
  const flat = flattened(places);
  const [left, right] = [Math.min(...flat.map(({ x }) => x)), Math.max(...flat.map(({ x }) => x))];
  const [top, bottom] = [Math.min(...flat.map(({ y }) => y)), Math.max(...flat.map(({ y }) => y))];
  const room = { x: Math.max(1, width - 2 * MARGIN), y: Math.max(1, height - 2 * MARGIN) };
  const metres = Math.max((right - left) / room.x, (bottom - top) / room.y, LEAST_METRES / Math.min(room.x, room.y));
  const points = flat.map(({ x, y }) => ({
    x: width / 2 + (x - (left + right) / 2) / metres,
    y: height / 2 + (y - (top + bottom) / 2) / metres,
  }));
  const centre = here === null ? null : (points[0] as Point);
  const marks: (Mark & { stops: Stop[] })[] = [];
  stops.forEach((stop, at) => {
    const point = points[here === null ? at : at + 1] as Point;
    const near = marks.find((mark) => Math.hypot(mark.x - point.x, mark.y - point.y) < NEAR);
    if (near === undefined) marks.push({ ...point, stops: [stop] });
    else near.stops.push(stop);
  });
  const step = round((Math.hypot(width, height) * metres) / 2 / RINGS);
  const reach = Math.hypot(width, height) * metres;
  const rings =
    centre === null
      ? []
      : Array.from({ length: RINGS }, (_, at) => (at + 1) * step)
          .filter((each) => each < reach)
          .map((each) => ({ metres: each, radius: each / metres }));
  const bar = round((width * metres) / 5);
  return { here: centre, marks, way: points, rings, scale: { metres: bar, length: bar / metres } };
}

/** Metres east and south of the first place. */
function flattened(places: readonly Place[]): Point[] {
  const first = places[0];
  if (first === undefined) return [{ x: 0, y: 0 }];
  const shrunk = Math.cos((first.lat * Math.PI) / 180);
  return places.map(({ lat, lon }) => ({
    x: (lon - first.lon) * METRES_A_DEGREE * shrunk,
    y: (first.lat - lat) * METRES_A_DEGREE,
  }));
}

/** The largest of 1, 2, 5, 10, 20, 50 … that is not above it. */
export function round(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(metres));
  const digit = metres / power;
  return (digit >= 5 ? 5 : digit >= 2 ? 2 : 1) * power;
}
