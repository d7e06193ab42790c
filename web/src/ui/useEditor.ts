/**
 * Something that people change in a form: what they changed is saved, and only if nobody else changed it in between.
 * Then both are told: what the others did, with what was typed still there, to be saved all the same or let go.
 */
import { useEffect, useState } from "preact/hooks";
import { ProblemError } from "../lib/api";
import { changesTo, type Difference, differences } from "../lib/changes";
import { type Form, useForm } from "./form";

export interface Source<T extends { version: number }> {
  load(): Promise<T>;
  /** What was typed. Throws FieldsError. */
  read(fields: FormData): Partial<T>;
  save(changes: Partial<T>, expected_version: number): Promise<T>;
  /** What of it people see as a change. */
  fields: readonly Extract<keyof T, string>[];
}

export interface Editor<T> {
  /** As it was loaded or saved; null before that. */
  thing: T | null;
  loadError: Error | null;
  form: Form;
  /** Another one when the form is to begin anew. */
  epoch: number;
  /** What the last saving changed; null when nothing was saved, or something was typed since. */
  saved: readonly Difference[] | null;
  /** What others changed meanwhile. */
  theirs: readonly Difference[] | null;
  /** Saves what was typed over theirs, with the form's own submit button. */
  keepMine(): void;
  takeTheirs(): void;
}

export function useEditor<T extends { version: number }>(source: Source<T>): Editor<T> {
  const [thing, setThing] = useState<T | null>(null);
  const [loadError, setLoadError] = useState<Error | null>(null);
  const [present, setPresent] = useState<T | null>(null);
  const [saved, setSaved] = useState<readonly Difference[] | null>(null);
  const [epoch, setEpoch] = useState(0);
  useEffect(() => {
    source.load().then(setThing, setLoadError);
  }, []);

  const form = useForm(async (fields) => {
    const base = present ?? thing; // who was told of theirs and saves again means it
    if (base === null) return;
    setSaved(null);
    const changes = changesTo(base, source.read(fields));
    if (Object.keys(changes).length === 0) {
      settle(base, []);
      return;
    }
    try {
      const now = await source.save(changes, base.version);
      settle(now, differences(base, now, source.fields));
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === "version")) throw error;
      setPresent(await source.load());
    }
  });

  function settle(now: T, told: readonly Difference[]): void {
    setThing(now);
    setPresent(null);
    setSaved(told);
  }

  return {
    thing,
    loadError,
    form,
    epoch,
    saved,
    theirs: thing === null || present === null ? null : differences(thing, present, source.fields),
    keepMine: () => form.submit(),
    takeTheirs() {
      setThing(present);
      setPresent(null);
      setEpoch(epoch + 1);
    },
  };
}
