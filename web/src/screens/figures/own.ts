/** What every card of the figures is told. */
import type { Asked, Range } from "./period";

export interface Own {
  /** As the api takes it. */
  range: Range;
  asked: Asked;
  /** The business's. */
  zone: string;
}
