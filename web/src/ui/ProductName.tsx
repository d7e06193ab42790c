import { partsOf } from "./names";

/** What it is, then in a quieter voice of which brand and size. */
export function ProductName({ name, unit }: { name: string; unit: string }) {
  const { title, more } = partsOf(name, unit);
  return (
    <>
      {title} <span class="quiet more-of-name">{more}</span>
    </>
  );
}
