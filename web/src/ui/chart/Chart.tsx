/**
 * A series of numbers as a line or as bars, read by pointer or arrow keys, with its table beside it.
 *
 * Invariant: all that it shows is in its table, and each value can be read without seeing it: it is a slider whose
 * value is a point's text. The room is there before the numbers are.
 */
import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { type Point, type Write, written } from "./point";
import { SeriesTable } from "./SeriesTable";
import { area, bandAt, highest, line, middle, named, ticks } from "./scale";
import { say } from "./texts";
import { useWidth } from "./width";
import "./chart.css";

export interface ChartProps {
  title: string;
  points: readonly Point[];
  /** A value as it is read, and as it stands beside the axis. */
  write: Write;
  short: (value: number) => string;
  bars?: boolean;
  /** Where values are things, not measures. */
  whole?: boolean;
  /** The top of the axis, where it is not the highest value. */
  top?: number;
  height?: number;
  /** After how many points a name may come, in rising order; any number without. */
  steps?: readonly number[];
}

const UNDER = 22;
const LETTER = 7.2; // as wide as a digit of the axis, about
const NAME_ROOM = 76;

export function Chart(props: ChartProps) {
  const { title, points, write, bars = false, height = 200 } = props;
  const { route } = useLocation();
  const [at, setAt] = useState<number | null>(null);
  const [box, width] = useWidth<HTMLDivElement>();
  const steps = ticks(props.top ?? highest(points.flatMap(({ value, before }) => [value, before])), 4, props.whole);
  const gutter = Math.max(...steps.map((step) => props.short(step).length)) * LETTER + 8;
  const shown = at === null ? undefined : points[Math.min(at, points.length - 1)];
  const last = points.length - 1;

  function toward(event: PointerEvent): void {
    const left = (event.currentTarget as HTMLElement).getBoundingClientRect().left + gutter;
    setAt(bandAt(event.clientX - left, points.length, width - gutter));
  }

  function open(): void {
    if (shown?.href !== undefined) route(shown.href);
  }

  function press(event: KeyboardEvent): void {
    const here = at ?? last;
    const next = { ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : next;
    if (to !== undefined) setAt(Math.max(0, Math.min(last, to)));
    else if (event.key === "Enter") open();
    else return;
    event.preventDefault();
  }

  return (
    <figure class="chart">
      <figcaption>
        <span class="title">{title}</span>
        <span class="reading" aria-hidden="true">
          {shown !== undefined && <Reading point={shown} write={write} />}
        </span>
      </figcaption>
      <div
        ref={box}
        class="plot"
        data-leads={points[0]?.href !== undefined}
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={at ?? Math.max(0, last)}
        aria-valuetext={textOf(shown ?? points.at(-1), write)}
        onPointerMove={toward}
        onPointerDown={toward}
        onPointerLeave={() => setAt(null)}
        onClick={open}
        onKeyDown={press}
        onBlur={() => setAt(null)}
      >
        <svg width={Math.max(width, 0)} height={height + UNDER} aria-hidden="true">
          {width > 0 && (
            <g transform={`translate(${gutter} 8)`}>
              <Axis steps={steps} short={props.short} width={width - gutter} height={height - 8} gutter={gutter} />
              <Names points={points} steps={props.steps} width={width - gutter} height={height - 8} />
              <Series
                points={points}
                top={steps.at(-1) ?? 1}
                width={width - gutter}
                height={height - 8}
                bars={bars}
                at={at}
              />
            </g>
          )}
        </svg>
      </div>
      <SeriesTable title={title} points={points} write={write} />
    </figure>
  );
}

function Reading({ point, write }: { point: Point; write: Write }) {
  return (
    <>
      {point.name} <b>{written(point.value, write)}</b>
      {point.before !== undefined && ` · ${say("before", { value: written(point.before, write) })}`}
    </>
  );
}

function textOf(point: Point | undefined, write: Write): string {
  if (point === undefined) return say("nothing");
  const before = point.before === undefined ? "" : `, ${say("before", { value: written(point.before, write) })}`;
  return `${point.name}: ${written(point.value, write)}${before}`;
}

interface Room {
  width: number;
  height: number;
}

function Axis({
  steps,
  short,
  width,
  height,
  gutter,
}: Room & Pick<ChartProps, "short"> & { steps: number[]; gutter: number }) {
  const top = steps.at(-1) ?? 1;
  return (
    <g class="axis">
      {steps.map((step) => {
        const y = height - (step / top) * height;
        return (
          <g key={step}>
            <line x2={width} y1={y} y2={y} />
            <text x={8 - gutter} y={y} dy="0.32em">
              {short(step)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Names({ points, steps, width, height }: Room & Pick<ChartProps, "points"> & { steps: ChartProps["steps"] }) {
  return (
    <g class="axis">
      {named(points.length, width / NAME_ROOM, steps).map((index) => (
        <text
          key={points[index]?.key}
          x={middle(index, points.length, width)}
          y={height + UNDER - 4}
          text-anchor="middle"
        >
          {points[index]?.short}
        </text>
      ))}
    </g>
  );
}

interface SeriesProps extends Room {
  points: readonly Point[];
  top: number;
  bars: boolean;
  at: number | null;
}

function Series({ points, top, width, height, bars, at }: SeriesProps) {
  const values = points.map(({ value }) => value);
  const before = points.map((point) => point.before ?? null);
  const chosen = at === null ? null : (values[at] ?? null);
  const band = width / Math.max(1, points.length);
  return (
    <>
      {bars ? (
        values.map((value, index) => {
          const size = ((value ?? 0) / top) * height;
          return (
            <rect
              class="bar-of"
              data-at={index === at}
              key={points[index]?.key}
              x={index * band + band * 0.12}
              y={height - size}
              width={band * 0.76}
              height={size}
              rx={Math.min(3, band * 0.2)}
            />
          );
        })
      ) : (
        <>
          <path class="area" d={area(values, top, width, height)} />
          <path class="line" d={line(values, top, width, height)} />
        </>
      )}
      <path class="line before" d={line(before, top, width, height)} />
      {at !== null && !bars && (
        <g class="at">
          <line x1={middle(at, points.length, width)} x2={middle(at, points.length, width)} y2={height} />
          {chosen !== null && (
            <circle cx={middle(at, points.length, width)} cy={height - (chosen / top) * height} r="4" />
          )}
        </g>
      )}
    </>
  );
}
