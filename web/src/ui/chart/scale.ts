/**
 * What a chart is drawn by. Pure: numbers in, numbers and paths out.
 *
 * Invariants: every scale begins at zero, so that twice as high is twice as much. Points stand in the middle of bands
 * of equal width, so that lines, bars and what a pointer is at agree. What is not known (null) leaves a gap.
 */

export type Value = number | null;

const STEPS = [1, 2, 2.5, 5, 10];

/** Round numbers from 0 up to `most` or just above, about so many; whole ones where there are no halves of a thing. */
export function ticks(most: number, about = 4, whole = false): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = (STEPS.find((step) => step * power >= rough) ?? 10) * power;
  const step = whole ? Math.max(1, Math.ceil(round)) : round;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

export function highest(values: Iterable<Value | undefined>): number {
  let most = 0;
  for (const value of values) if (value !== null && value !== undefined && value > most) most = value;
  return most;
}

/** The middle of a band. */
export function middle(index: number, count: number, width: number): number {
  return ((index + 0.5) * width) / count;
}

/** The band at so many pixels from the left; the first or the last for what is outside. */
export function bandAt(x: number, count: number, width: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor((x / width) * count)));
}

/**
 * Which points have a name under them, evenly, so that no more than `most` do: every so many of `steps`, where some are
 * rounder than others.
 */
export function named(count: number, most: number, steps: readonly number[] = []): number[] {
  const least = Math.max(1, Math.ceil(count / Math.max(1, most)));
  const step = steps.find((each) => each >= least) ?? least;
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

/** The path through all that is known, from `top` at the height of `most` down to `height`. */
export function line(values: readonly Value[], most: number, width: number, height: number): string {
  let path = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    // A point without neighbours is a dot: a line of no length, with a round cap.
    const alone = pen === "M" && (values[index + 1] ?? null) === null ? "h0" : "";
    path += `${pen}${round(middle(index, values.length, width))} ${round(height - (value / most) * height)}${alone}`;
    pen = "L";
  });
  return path;
}

/** The same, closed along the bottom: each stretch for itself. */
export function area(values: readonly Value[], most: number, width: number, height: number): string {
  return line(values, most, width, height)
    .split("M")
    .filter((stretch) => stretch.includes("L"))
    .map((stretch) => {
      const [first, last] = [stretch.split(" ")[0], stretch.slice(stretch.lastIndexOf("L") + 1).split(" ")[0]];
      return `M${first} ${height}L${stretch}L${last} ${height}Z`;
    })
    .join("");
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
