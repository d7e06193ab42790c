/** The route without tiles: rings of distance round the driver, the stops by number, the way between, a scale bar. */
import { useEffect, useRef, useState } from "preact/hooks";
import { locale } from "../../app";
import { distance, type Place } from "../../lib/distance";
import { type Sketch as Drawn, type Mark, type Point, type Stop, sketchOf } from "./sketch";
import { say } from "./texts";

const START = { width: 640, height: 420 };
const LETTER = 7.2;
const LINE = 20;
const ROOM = 32;
const EDGE = 4;
const NUMBERS = 3;

export function Sketch({ here, stops }: { here: Place | null; stops: readonly Stop[] }) {
  const frame = useRef<HTMLDivElement>(null);
  const [{ width, height }, setSize] = useState(START);
  useEffect(() => {
    // As large as there is room, so that letters are as large as everywhere.
    const watcher = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    watcher.observe(frame.current as HTMLDivElement);
    return () => watcher.disconnect();
  }, []);
  const sketch = sketchOf(here, stops, width, height);
  const marks = sketch.marks.map((mark) => ({ ...mark, x: within(mark, width) }));
  const names = namesOf(marks, width);
  const way = sketch.way.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return (
    <div class="sketch" ref={frame}>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={say("sketch")}>
        <polyline class="way" points={way} />
        {sketch.here !== null && <Rings here={sketch.here} rings={sketch.rings} width={width} height={height} />}
        {sketch.here !== null && <circle class="here" cx={sketch.here.x} cy={sketch.here.y} r="8" />}
        {marks.map((mark, at) => {
          const name = names[at];
          return (
            <g class={at === 0 ? "mark first" : "mark"} key={mark.stops[0]?.id}>
              <rect x={mark.x - half(mark)} y={mark.y - 15} width={2 * half(mark)} height="30" rx="15" />
              <text x={mark.x} y={mark.y + 5}>
                {numbers(mark)}
              </text>
              {name !== undefined && (
                <text class="name" x={name.x} y={mark.y + 5} text-anchor={name.anchor}>
                  {name.text}
                </text>
              )}
            </g>
          );
        })}
        <g class="scale">
          <path d={`M14 ${height - 22} v8 h${sketch.scale.length.toFixed(1)} v-8`} />
          <text x={14} y={height - 28}>
            {distance(sketch.scale.metres, locale)}
          </text>
        </g>
      </svg>
    </div>
  );
}

interface RingsProps {
  here: Point;
  rings: Drawn["rings"];
  width: number;
  height: number;
}

/** Each says how far it is where it is in the picture: on top if it can, otherwise below, or not at all. */
function Rings({ here, rings, width, height }: RingsProps) {
  return (
    <>
      {rings.map(({ metres, radius }) => {
        const sides = [
          { x: here.x, y: here.y - radius - 5 },
          { x: here.x, y: here.y + radius - 5 },
        ];
        const label = sides.find(({ x, y }) => x > ROOM && x < width - ROOM && y > LINE && y < height - LINE);
        return (
          <g class="ring" key={metres}>
            <circle cx={here.x} cy={here.y} r={radius} />
            {label !== undefined && (
              <text x={label.x} y={label.y}>
                {distance(metres, locale)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** Of many at one door the first ones: the list says the others. */
function numbers({ stops }: Mark): string {
  const said = stops.slice(0, NUMBERS).map(({ place }) => place);
  const rest = stops.length - said.length;
  return said.join(" · ") + (rest > 0 ? ` +${rest}` : "");
}

function half(mark: Mark): number {
  return Math.max(15, numbers(mark).length * 4.5 + 8);
}

/** Where its middle is, so that all of it is in the picture. */
function within(mark: Mark, width: number): number {
  return Math.max(half(mark) + EDGE, Math.min(mark.x, width - half(mark) - EDGE));
}

interface Name {
  text: string;
  x: number;
  anchor: "start" | "end";
}

/** Beside each mark, towards the middle, where there is room; a name in another's way is left to the list. */
function namesOf(marks: readonly Mark[], width: number): (Name | undefined)[] {
  const taken: { left: number; right: number; y: number }[] = marks.map((mark) => ({
    left: mark.x - half(mark),
    right: mark.x + half(mark),
    y: mark.y,
  }));
  return marks.map((mark) => {
    const text = mark.stops[0]?.name ?? "";
    const long = text.length * LETTER;
    const start = mark.x + half(mark) + 6;
    const end = mark.x - half(mark) - 6;
    for (const side of mark.x < width / 2 ? (["start", "end"] as const) : (["end", "start"] as const)) {
      const [left, right] = side === "start" ? [start, start + long] : [end - long, end];
      const free = taken.every(
        (other) => Math.abs(other.y - mark.y) > LINE || other.right < left || other.left > right,
      );
      if (left < EDGE || right > width - EDGE || !free) continue;
      taken.push({ left, right, y: mark.y });
      return { text, x: side === "start" ? start : end, anchor: side };
    }
    return undefined;
  });
}
