/** What a form came to: what was saved, or what others changed while somebody was typing. */
import { texts } from "../app";
import type { Difference } from "../lib/changes";
import type { Editor } from "./useEditor";

const say = texts({
  en: {
    nothing: "Nothing was changed.",
    saved: "Saved.",
    from: "{field}: {before} → {after}",
    first: "{field}: {after}",
    conflict: "Somebody else changed this while you were typing:",
    untouched: "Somebody else saved this while you were typing.",
    keepMine: "Save mine all the same",
    takeTheirs: "Take theirs",
  },
  de: {
    nothing: "Es hat sich nichts geändert.",
    saved: "Gespeichert.",
    from: "{field}: {before} → {after}",
    first: "{field}: {after}",
    conflict: "Jemand anderes hat dies geändert, während Sie tippten:",
    untouched: "Jemand anderes hat dies gespeichert, während Sie tippten.",
    keepMine: "Trotzdem meines speichern",
    takeTheirs: "Das andere übernehmen",
  },
});

/** A field and a value of it, in words. */
export interface Words {
  nameOf(field: string): string;
  show(field: string, value: unknown): string;
}

export function ChangeList({ changes, words }: { changes: readonly Difference[]; words: Words }) {
  return (
    <ul class="changes">
      {changes.map(({ field, before, after }) => (
        <li key={field}>
          {say(before === undefined ? "first" : "from", {
            field: words.nameOf(field),
            before: words.show(field, before),
            after: words.show(field, after),
          })}
        </li>
      ))}
    </ul>
  );
}

/** To be drawn above the form's buttons. */
export function Outcome<T>({ editor, words }: { editor: Editor<T>; words: Words }) {
  const { saved, theirs, form, keepMine, takeTheirs } = editor;
  return (
    <div class="whole" aria-live="polite">
      {saved !== null && (
        <div class="note" data-tone="good">
          {saved.length === 0 ? say("nothing") : <b>{say("saved")}</b>}
          <ChangeList changes={saved} words={words} />
        </div>
      )}
      {theirs !== null && (
        <div class="note">
          <div>
            <b>{say(theirs.length === 0 ? "untouched" : "conflict")}</b>
            <ChangeList changes={theirs} words={words} />
          </div>
          <div class="actions">
            <button type="button" disabled={form.busy} onClick={keepMine}>
              {say("keepMine")}
            </button>
            <button type="button" onClick={takeTheirs}>
              {say("takeTheirs")}
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
