/** Light or dark: as the system says, until the person says otherwise. index.html sets it before the first paint. */
import { memory } from "../app";

const THEME = "larder.theme";

export function toggleTheme(): void {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  memory.setItem(THEME, next);
}
