/**
 * A photo made small enough to be sent, and any image as the text that the outbox keeps.
 *
 * What is drawn anew has lost where, when and with what it was taken.
 */

/** What the server takes (docs/adr/0039). */
export const MOST_BYTES = 200 * 1024;

/** The longer edge in pixels, and the quality: the first that fits is sharp enough to read a label. */
const STEPS: readonly (readonly [edge: number, quality: number])[] = [
  [1280, 0.7],
  [1024, 0.6],
  [800, 0.6],
  [640, 0.5],
  [480, 0.4],
];

/** Tries one after the other. Throws a RangeError when even the smallest is too large. */
export async function firstThatFits<T extends { size: number }>(
  encode: (edge: number, quality: number) => Promise<T>,
): Promise<T> {
  for (const [edge, quality] of STEPS) {
    const made = await encode(edge, quality);
    if (made.size <= MOST_BYTES) return made;
  }
  throw new RangeError(`no picture of at most ${MOST_BYTES} bytes could be made`);
}

/** How large it is drawn: never larger than it is. */
export function sizeOf(width: number, height: number, edge: number): { width: number; height: number } {
  const shrink = Math.min(1, edge / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * shrink)), height: Math.max(1, Math.round(height * shrink)) };
}

/** Throws what the browser throws at a file that is no picture to it. */
export async function shrunk(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  try {
    return await firstThatFits((edge, quality) => {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, sizeOf(picture.width, picture.height, edge));
      canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
      return encoded(canvas, "image/jpeg", quality);
    });
  } finally {
    picture.close();
  }
}

export function encoded(canvas: HTMLCanvasElement, type: string, quality?: number): Promise<Blob> {
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob === null ? fail(new Error(`no ${type} could be made`)) : done(blob)), type, quality);
  });
}

/** Base64, as the api takes it. */
export function textOf(image: Blob): Promise<string> {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",", 2)[1] ?? "");
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(image);
  });
}
