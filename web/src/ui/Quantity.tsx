/** How many of something: one less, a number to type, one more. */
import { texts } from "../app";
import { MOST_QUANTITY } from "../lib/cart";

const say = texts({
  en: { less: "One less of {name}", more: "One more of {name}", quantity: "Quantity of {name}" },
  de: { less: "Eins weniger von {name}", more: "Eins mehr von {name}", quantity: "Menge von {name}" },
});

interface QuantityProps {
  /** Of what, for who hears it. */
  name: string;
  value: number;
  /** The fewest: at 0 it can be taken out. */
  least: 0 | 1;
  onChange: (quantity: number) => void;
}

export function Quantity({ name, value, least, onChange }: QuantityProps) {
  function type(field: HTMLInputElement): void {
    const typed = Number(field.value);
    const fits = Number.isInteger(typed) && field.value.trim() !== "" && typed >= least && typed <= MOST_QUANTITY;
    if (fits) onChange(typed);
    else field.value = String(value); // what is no quantity is not taken
  }
  return (
    <span class="quantity">
      <button
        type="button"
        aria-label={say("less", { name })}
        disabled={value <= least}
        onClick={() => onChange(value - 1)}
      >
        −
      </button>
      <input
        aria-label={say("quantity", { name })}
        inputMode="numeric"
        value={String(value)}
        onFocus={({ currentTarget }) => currentTarget.select()}
        onChange={({ currentTarget }) => type(currentTarget)}
      />
      <button
        type="button"
        aria-label={say("more", { name })}
        disabled={value >= MOST_QUANTITY}
        onClick={() => onChange(value + 1)}
      >
        +
      </button>
    </span>
  );
}
