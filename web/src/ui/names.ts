/** Names of the catalogue, which suppliers' files often shout. */

/** "FRZN MEAT/MEAT DINNERS" → "Frzn meat/meat dinners". What has small letters was written by somebody, and stays. */
export function readable(name: string): string {
  if (name !== name.toUpperCase()) return name;
  return name.toLowerCase().replace(/^\p{L}/u, (first) => first.toUpperCase());
}
