/**
 * The keys of the board, which are listened to while an order on it has the focus and nowhere else: whoever speaks or
 * types elsewhere presses none of them by accident (WCAG 2.1.4).
 */
import type { Direction } from "./columns";

export type Command = Direction | "select" | "column" | "clear" | "next" | "driver" | "refuse" | "find" | "help";

interface Key {
  shown: readonly string[];
  /** The text that says what it does. */
  says: `key${string}`;
  does: Readonly<Record<string, Command>>;
}

export const KEYS = [
  {
    shown: ["↑", "↓", "←", "→"],
    says: "keyMove",
    does: { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" },
  },
  { shown: ["Home", "End"], says: "keyEnds", does: { Home: "first", End: "last" } },
  { shown: ["Enter"], says: "keyOpen", does: {} }, // as of any link
  { shown: ["Space", "X"], says: "keySelect", does: { " ": "select", x: "select" } },
  { shown: ["Ctrl A"], says: "keyColumn", does: { "Ctrl a": "column" } },
  { shown: ["Esc"], says: "keyClear", does: { Escape: "clear" } },
  { shown: ["N"], says: "keyNext", does: { n: "next" } },
  { shown: ["D"], says: "keyDriver", does: { d: "driver" } },
  { shown: ["R"], says: "keyReject", does: { r: "refuse" } },
  { shown: ["/"], says: "keyFind", does: { "/": "find" } },
  { shown: ["?"], says: "keyHelp", does: { "?": "help" } },
] as const satisfies readonly Key[];

const COMMANDS = new Map<string, Command>(KEYS.flatMap(({ does }) => Object.entries(does)));

/** What a key asks for; null for all others, which the browser has. Space on a box or a button is its own. */
export function commandOf(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">,
  onLink: boolean,
): Command | null {
  if (event.altKey || (event.key === " " && !onLink)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return COMMANDS.get(event.ctrlKey || event.metaKey ? `Ctrl ${key}` : key) ?? null;
}
