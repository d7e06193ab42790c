/** Handing a way over to what drives it: the phone's own navigation, or a map in the browser. */
import type { Place } from "./distance";

/** Android asks which app; Apple's devices open theirs; elsewhere it is a page. */
export function wayTo({ lat, lon }: Place, name: string, agent: string): string {
  const there = `${lat},${lon}`;
  if (/Android/.test(agent)) return `geo:${there}?q=${there}(${encodeURIComponent(name)})`;
  if (/iPhone|iPad|Macintosh/.test(agent)) return `https://maps.apple.com/?daddr=${there}`;
  return `https://www.openstreetmap.org/directions?to=${encodeURIComponent(there)}`;
}
