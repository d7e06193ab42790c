/** A signature as strokes, and as a picture: dark on white on every screen, since it is read on paper too. */

export interface Dot {
  x: number;
  y: number;
}
export type Stroke = readonly Dot[];

/** As much of a canvas as is drawn on. */
export type Paper = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "fillRect"
  | "strokeStyle"
  | "lineWidth"
  | "lineCap"
  | "lineJoin"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "quadraticCurveTo"
  | "stroke"
>;

export const WIDTH = 640;
export const HEIGHT = 240;
const [GROUND, INK, PEN] = ["#fff", "#16181a", 4];
const LEAST = 60; // a touch is no signature

/** Whether somebody wrote, or only touched. */
export function isWritten(strokes: readonly Stroke[]): boolean {
  let length = 0;
  for (const stroke of strokes) {
    stroke.forEach((dot, at) => {
      const before = stroke[at - 1];
      if (before !== undefined) length += Math.hypot(dot.x - before.x, dot.y - before.y);
    });
  }
  return length >= LEAST;
}

/** All of it anew. Through the middles between the dots, so that a quick hand is not angular. */
export function write(paper: Paper, strokes: readonly Stroke[]): void {
  paper.fillStyle = GROUND;
  paper.fillRect(0, 0, WIDTH, HEIGHT);
  paper.strokeStyle = INK;
  paper.lineWidth = PEN;
  paper.lineCap = paper.lineJoin = "round";
  for (const stroke of strokes) {
    const [first] = stroke;
    if (first === undefined) continue;
    paper.beginPath();
    paper.moveTo(first.x, first.y);
    stroke.forEach((dot, at) => {
      const next = stroke[at + 1] ?? dot;
      paper.quadraticCurveTo(dot.x, dot.y, (dot.x + next.x) / 2, (dot.y + next.y) / 2);
    });
    paper.stroke();
  }
}
