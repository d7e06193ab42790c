/** A field that asks when the typing pauses, and what its words could become. */
import { useEffect, useRef, useState } from "preact/hooks";
import { clock } from "../../app";
import { type Suggestion, suggest } from "../../catalogue";
import { readable } from "../../ui/names";
import { say } from "./texts";

const PAUSE_MS = 150;

export function Search({ q, onSearch }: { q: string; onSearch: (typed: string) => void }) {
  const [typed, setTyped] = useState(q);
  const [ideas, setIdeas] = useState<readonly Suggestion[]>([]);
  const asked = useRef(q);

  function ask(text: string): void {
    const wanted = text.trim();
    if (wanted === asked.current) return;
    asked.current = wanted;
    onSearch(wanted);
  }

  useEffect(() => {
    if (q === asked.current) return; // our own question; more may have been typed since
    asked.current = q;
    setTyped(q);
  }, [q]);
  useEffect(() => clock.after(PAUSE_MS, () => ask(typed)), [typed]);
  useEffect(() => {
    let wanted = true;
    if (q === "") setIdeas([]);
    else
      suggest(q).then(
        (found) => wanted && setIdeas(found),
        () => wanted && setIdeas([]), // the search itself says what is wrong
      );
    return () => {
      wanted = false;
    };
  }, [q]);

  return (
    <search class="search">
      <input
        type="search"
        aria-label={say("search")}
        placeholder={say("search")}
        maxLength={100}
        autocomplete="off"
        enterKeyHint="search"
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onKeyDown={({ key }) => key === "Enter" && ask(typed)}
      />
      {typed !== "" && (
        <ul aria-label={say("suggestions")} class="ideas">
          {ideas.map(({ text }) => (
            <li key={text}>
              <button
                type="button"
                onClick={() => {
                  setTyped(text);
                  ask(text);
                }}
              >
                {readable(text)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </search>
  );
}
