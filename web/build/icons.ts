/**
 * Larder's mark, as SVG and as the PNGs that phones ask for: `just web icons` writes `public/icons`.
 *
 * Two shelves in a rounded square, drawn from one list of rectangles. PNGs are written by hand (a filter byte a row,
 * deflate, three chunks) so that no image library is needed for four small pictures.
 */
import { writeFile } from "node:fs/promises";
import { crc32, deflateSync } from "node:zlib";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  radius: number;
  colour: string;
}

const SIZE = 64;
const GROUND: Box = { x: 0, y: 0, width: SIZE, height: SIZE, radius: 15, colour: "#0a6b48" };
const SHELVES: Box[] = [
  { x: 14, y: 29, width: 36, height: 4, radius: 2, colour: "#f3ead9" },
  { x: 14, y: 48, width: 36, height: 4, radius: 2, colour: "#f3ead9" },
  { x: 17, y: 15, width: 9, height: 14, radius: 2.5, colour: "#e2b877" },
  { x: 29, y: 19, width: 15, height: 10, radius: 2.5, colour: "#8fd4b4" },
  { x: 18, y: 37, width: 14, height: 11, radius: 2.5, colour: "#8fd4b4" },
  { x: 36, y: 34, width: 9, height: 14, radius: 2.5, colour: "#e2b877" },
];
const FOLDER = new URL("../public/icons/", import.meta.url);
const SAMPLES = 4;

function svg(): string {
  const shapes = [GROUND, ...SHELVES].map(
    ({ x, y, width, height, radius, colour }) =>
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">${shapes.join("")}</svg>\n`;
}

function inside({ x, y, width, height, radius }: Box, px: number, py: number): boolean {
  if (px < x || py < y || px > x + width || py > y + height) return false;
  const dx = Math.max(x + radius - px, px - (x + width - radius), 0);
  const dy = Math.max(y + radius - py, py - (y + height - radius), 0);
  return dx * dx + dy * dy <= radius * radius;
}

/** `maskable`: the ground fills the square, and the rest keeps clear of whatever a phone cuts off. */
function png(pixels: number, maskable: boolean): Buffer {
  const boxes = [maskable ? { ...GROUND, radius: 0 } : GROUND, ...SHELVES];
  const rows: Buffer[] = [];
  for (let row = 0; row < pixels; row++) {
    const line = Buffer.alloc(1 + pixels * 4);
    for (let column = 0; column < pixels; column++) line.set(colourAt(boxes, column, row, pixels), 1 + column * 4);
    rows.push(line);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(pixels, 0);
  head.writeUInt32BE(pixels, 4);
  head.set([8, 6, 0, 0, 0], 8); // eight bits, RGBA
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.concat(rows), { level: 9 });
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function colourAt(boxes: Box[], column: number, row: number, pixels: number): number[] {
  const sum = [0, 0, 0, 0];
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
    const px = ((column + ((sample % SAMPLES) + 0.5) / SAMPLES) / pixels) * SIZE;
    const py = ((row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / pixels) * SIZE;
    const top = boxes.findLast((box) => inside(box, px, py));
    if (top === undefined) continue;
    for (let part = 0; part < 3; part++) {
      sum[part] = (sum[part] ?? 0) + Number.parseInt(top.colour.slice(1 + 2 * part, 3 + 2 * part), 16);
    }
    sum[3] = (sum[3] ?? 0) + 1;
  }
  const hits = sum[3] ?? 0;
  if (hits === 0) return [0, 0, 0, 0];
  return [...sum.slice(0, 3).map((each) => Math.round(each / hits)), Math.round((255 * hits) / SAMPLES ** 2)];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

await writeFile(new URL("larder.svg", FOLDER), svg());
for (const pixels of [180, 192, 512]) await writeFile(new URL(`larder-${pixels}.png`, FOLDER), png(pixels, false));
await writeFile(new URL("larder-mask-512.png", FOLDER), png(512, true));
