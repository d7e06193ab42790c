/** Names of the catalogue as people read them: suppliers' files shout, and put the brand and the size behind commas. */

export interface NameParts {
  title: string;
  /** Brand and size; empty when nothing is known. */
  more: string;
}

/** "GRANOLA BARS, National 857, 8.9 OZ" in "8.9 OZ" → "Granola bars" and "National 857 · 8.9 oz". */
export function partsOf(name: string, unit: string): NameParts {
  const [title = "", ...rest] = name.split(", ").map(readable);
  const size = readable(unit);
  const more = rest.includes(size) || size === "" ? rest : [...rest, size];
  return { title, more: more.join(" · ") };
}

/** In one line: "GRANOLA BARS, National 857" → "Granola bars, National 857". */
export function inOneLine(name: string): string {
  return name.split(", ").map(readable).join(", ");
}

/** "FRZN MEAT/MEAT DINNERS" → "Frzn meat/meat dinners". What has small letters was written by somebody, and stays. */
export function readable(name: string): string {
  if (name !== name.toUpperCase()) return name;
  return name.toLowerCase().replace(/^\p{L}/u, (first) => first.toUpperCase());
}
