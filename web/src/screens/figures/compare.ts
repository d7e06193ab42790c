/** What a number is against the one before, and whether that is good. Pure. */
import type { Tone } from "../../ui/pieces";

export type Comparison =
  /** Neither there nor before, or not known. */
  | { is: "none" }
  | { is: "same" }
  /** Nothing before: no share can be told. */
  | { is: "new" }
  /** By this share of what it was before. */
  | { is: "more" | "less"; share: number };

/** As many as before is what differs by less than half a thousandth: it would be told as 0.0 %. */
const SAME = 0.0005;

export function compare(now: number | null, before: number | null): Comparison {
  if (now === null || before === null) return { is: "none" };
  if (before === 0) return { is: now === 0 ? "none" : "new" };
  const share = (now - before) / before;
  if (Math.abs(share) < SAME) return { is: "same" };
  return { is: share > 0 ? "more" : "less", share: Math.abs(share) };
}

/** What goes up and down by so little every day is neither good nor bad. */
const USUAL = 0.02;

/** `wanted`: which way is good. */
export function toneOf(comparison: Comparison, wanted: "more" | "less"): Tone {
  if (!("share" in comparison) || comparison.share < USUAL) return "plain";
  return comparison.is === wanted ? "good" : "bad";
}
