/**
 * A part of the app that is loaded when it is first shown.
 *
 * Invariant: one that cannot be loaded is an error of whoever shows it, a PartError; preact-iso alone would wait for it
 * for ever. A browser may remember that it failed, so it is there again only on a page that was loaded anew.
 */
import type { ComponentType } from "preact";
import { lazy } from "preact-iso";

export class PartError extends Error {
  override name = "PartError";
}

export function part<Props>(
  load: () => Promise<ComponentType<Props> | { default: ComponentType<Props> }>,
): ComponentType<Props> {
  const orMissing = () =>
    load().catch((cause) => () => {
      throw new PartError(String(cause), { cause });
    });
  return lazy<ComponentType<Props>>(orMissing);
}
