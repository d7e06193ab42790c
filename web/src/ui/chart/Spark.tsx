/** The shape of a series in the corner of a tile, for the eye alone: the numbers stand beside it. */
import { area, highest, line, type Value } from "./scale";
import "./chart.css";

const [WIDTH, HEIGHT] = [120, 36];

export function Spark({ values }: { values: readonly Value[] }) {
  const top = highest(values) || 1;
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={area(values, top, WIDTH, HEIGHT)} />
      <path class="line" d={line(values, top, WIDTH, HEIGHT)} />
    </svg>
  );
}

/** How much of a whole something is. */
export function Meter({ share, tone = "accent" }: { share: number; tone?: "accent" | "warm" | "bad" }) {
  const width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return (
    <svg class="meter" data-tone={tone} aria-hidden="true">
      <rect class="whole" width="100%" height="100%" rx="3" />
      <rect width={width} height="100%" rx="3" />
    </svg>
  );
}
