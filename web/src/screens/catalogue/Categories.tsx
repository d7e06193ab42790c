/** All categories: a column on a desk, one field on a phone. */
import { useEffect, useRef } from "preact/hooks";
import { locale } from "../../app";
import type { Category } from "../../catalogue";
import { readable } from "../../ui/names";
import { say } from "./texts";

interface CategoriesProps {
  all: readonly Category[];
  chosen: string | null;
  onChoose: (name: string) => void;
}

export function Categories({ all, chosen, onChoose }: CategoriesProps) {
  const column = useRef<HTMLDivElement>(null);
  // The chosen one is in sight once all are there; where it was chosen from, it is already.
  useEffect(() => {
    const current = column.current?.querySelector<HTMLElement>(".category-link[aria-current]");
    if (column.current && current) column.current.scrollTop = current.offsetTop - column.current.clientHeight / 2;
  }, [all.length, chosen === null]);
  const names = all.map(({ name }) => name);
  if (chosen !== null && !names.includes(chosen)) names.unshift(chosen); // its products may be there before all names
  return (
    <div class="categories" ref={column}>
      <label class="narrow">
        {say("category")}
        <select value={chosen ?? ""} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
          {names.map((name) => (
            <option key={name} value={name}>
              {readable(name)}
            </option>
          ))}
        </select>
      </label>
      <nav aria-label={say("categories")} class="wide">
        <ul>
          {all.map(({ name, products }) => (
            <li key={name}>
              <a
                class="category-link"
                href={`/?${new URLSearchParams({ category: name })}`}
                aria-current={name === chosen ? "true" : undefined}
                onClick={(event) => {
                  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                  event.preventDefault();
                  onChoose(name);
                }}
              >
                {readable(name)} <span class="quiet">{products.toLocaleString(locale)}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}
