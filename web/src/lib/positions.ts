/**
 * How far the server's log was, as answers and frames told it (docs/replica.md): sent along with what is read, so that a
 * list holds what was just done and is never older than the frame that asked for it.
 *
 * Invariant: only the newest is kept, whatever comes late. The catalogue is asked without one, which lets the edge's
 * cache answer, until this browser itself changes something there.
 */
export const POSITION = "X-Larder-Position";

const CATALOGUE = "/api/catalog/";

export class Positions {
  #newest = "";
  #ofCatalogue = "";

  /** What a frame tells. */
  hear(position: string): void {
    this.#newest = newer(this.#newest, position);
  }

  /** What an answer tells. */
  hearAnswer(request: Request, response: Response): void {
    const position = response.headers.get(POSITION);
    if (position === null) return;
    this.hear(position);
    if (isOfCatalogue(request)) this.#ofCatalogue = newer(this.#ofCatalogue, position);
  }

  /** What this request has to see at least; null when there is nothing to say. */
  wantedBy(request: Request): string | null {
    if (request.method !== "GET") return null;
    return (isOfCatalogue(request) ? this.#ofCatalogue : this.#newest) || null;
  }
}

function isOfCatalogue(request: Request): boolean {
  return new URL(request.url).pathname.startsWith(CATALOGUE);
}

function newer(a: string, b: string): string {
  const [[high, low], [otherHigh, otherLow]] = [halvesOf(a), halvesOf(b)];
  return (high - otherHigh || low - otherLow) > 0 ? a : b;
}

/** Two hexadecimal numbers, the first one the higher half. */
function halvesOf(position: string): [number, number] {
  const [high = "", low = ""] = position.split("/");
  return [Number.parseInt(high || "0", 16), Number.parseInt(low || "0", 16)];
}
