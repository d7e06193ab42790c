/**
 * Taps that came twice, as wet hands and old screens make them.
 *
 * What a tap does may bring something else to where the finger still is: the next offer, a question's answer, one more of
 * what was just put in the cart. So a tap at the same place within a moment does nothing, unless what was tapped is still
 * there under the same name: one more, and one more. Keys and what reads the page aloud are no taps, and always count.
 */
import { clock } from "../app";

const TWICE_MS = 400;
const NEAR_PX = 24;
const PRESSED = "a, button, summary, input, select";

interface Tap {
  at: number;
  x: number;
  y: number;
  what: Element;
  name: string;
}

let last: Tap | null = null;

/** From now on, on the whole page, before anything on it hears of them. */
export function guardTaps(): void {
  addEventListener("click", guard, { capture: true });
}

function guard(event: MouseEvent): void {
  const what = pressed(event.target);
  if (event.detail === 0 || what === null) return;
  const tap = { at: clock.now(), x: event.clientX, y: event.clientY, what, name: nameOf(what) };
  if (last !== null && isStray(tap, last)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else {
    last = tap;
  }
}

function isStray(tap: Tap, before: Tap): boolean {
  const near = Math.hypot(tap.x - before.x, tap.y - before.y) <= NEAR_PX;
  const same = tap.what === before.what && tap.name === before.name;
  return near && !same && tap.at - before.at < TWICE_MS;
}

/** A label's tap is its field's too. */
function pressed(target: EventTarget | null): Element | null {
  if (!(target instanceof Element)) return null;
  return target.closest("label")?.control ?? target.closest(PRESSED);
}

function nameOf(what: Element): string {
  return what.getAttribute("aria-label") ?? what.textContent ?? "";
}
