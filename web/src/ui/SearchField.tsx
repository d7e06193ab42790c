/** A field to look for something as one types: asks when the typing pauses, and at once on Enter. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock } from "../app";

const PAUSE_MS = 250;

export function SearchField({
  label,
  value,
  input,
  onSearch,
}: {
  label: string;
  /** What is looked for now. */
  value: string;
  input?: RefObject<HTMLInputElement | null>;
  onSearch: (typed: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const asked = useRef(value);
  const latest = useRef(onSearch); // whoever listens may know more by the time that somebody paused
  latest.current = onSearch;

  function ask(text: string): void {
    if (text === asked.current) return;
    asked.current = text;
    latest.current(text);
  }

  useEffect(() => {
    if (value === asked.current) return; // our own question; more may have been typed since
    asked.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => clock.after(PAUSE_MS, () => ask(typed.trim())), [typed]);
  return (
    <input
      type="search"
      ref={input ?? null}
      aria-label={label}
      placeholder={label}
      maxLength={100}
      autocomplete="off"
      value={typed}
      onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      onKeyDown={({ key }) => {
        if (key === "Enter") ask(typed.trim());
      }}
    />
  );
}
