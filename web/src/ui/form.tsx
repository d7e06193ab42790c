/**
 * Forms whose answer is awaited with the form open: what was typed stays, and what is wrong is said beside its field.
 *
 * A field has the name that the api gives it (`location.lat`), so that a problem's fields find theirs.
 */
import type { ComponentChildren, InputHTMLAttributes, RefObject } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { texts } from "../app";
import { ProblemError } from "../lib/api";
import { fieldInWords } from "../problems";

const say = texts({
  en: { check: "Some fields have to be mended." },
  de: { check: "Einige Felder sind noch zu berichtigen." },
});

/** What was typed cannot be read: why, by field. */
export class FieldsError extends Error {
  override name = "FieldsError";
  readonly fields: ReadonlyMap<string, string>;

  constructor(fields: ReadonlyMap<string, string>, text = say("check")) {
    super(text);
    this.fields = fields;
  }
}

export interface Form {
  busy: boolean;
  error: Error | null;
  /** What is wrong with a field. */
  wrong(name: string): string | undefined;
  /** As its submit button does it. */
  submit(): void;
  /** For `<form {...form.attributes}>`. */
  attributes: { onSubmit: (event: SubmitEvent) => void; ref: RefObject<HTMLFormElement | null>; noValidate: true };
}

/** Sends what was typed, once at a time. After an error the first wrong field has the focus. */
export function useForm(send: (fields: FormData, element: HTMLFormElement) => Promise<void>): Form {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    const shown = event.currentTarget as HTMLFormElement;
    setBusy(true);
    setError(null);
    try {
      await send(new FormData(shown), shown);
    } catch (thrown) {
      setError(thrown as Error);
    } finally {
      setBusy(false);
    }
  }

  return {
    busy,
    error,
    wrong: (name) => wrongIn(error, name),
    submit: () => element.current?.requestSubmit(),
    attributes: { onSubmit: submit, ref: element, noValidate: true },
  };
}

function wrongIn(error: Error | null, name: string): string | undefined {
  if (error instanceof FieldsError) return error.fields.get(name);
  const wrong = error instanceof ProblemError ? error.fields.get(name) : undefined;
  return wrong && fieldInWords(wrong);
}

interface Labelled {
  name: string;
  label: string;
  hint?: string | undefined;
  form: Form;
}

/** What an input of a field is given. */
type Told = { id: string; name: string; "aria-invalid"?: true; "aria-describedby"?: string };

function Labelled({ name, label, hint, form, children }: Labelled & { children: (told: Told) => ComponentChildren }) {
  const id = useId();
  const wrong = form.wrong(name);
  const told: Told = { id, name };
  if (wrong !== undefined) told["aria-invalid"] = true;
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  if (described !== "") told["aria-describedby"] = described;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(told)}
      {hint && (
        <p class="quiet hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong && (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

/** As much of an input as is used here. */
interface Input extends Labelled {
  type?: "text" | "email" | "password" | "file";
  defaultValue?: string;
  maxLength?: number;
  inputMode?: "decimal" | "numeric";
  autocomplete?: string;
  autofocus?: boolean;
  list?: string;
  accept?: string;
}

export function TextField({ name, label, hint, form, ...input }: Input) {
  return (
    <Labelled name={name} label={label} hint={hint} form={form}>
      {(told) => <input {...({ ...input, ...told } as InputHTMLAttributes<HTMLInputElement>)} />}
    </Labelled>
  );
}

export function LongField({ name, label, hint, form, ...input }: Labelled & Pick<Input, "maxLength" | "autofocus">) {
  return (
    <Labelled name={name} label={label} hint={hint} form={form}>
      {(told) => <textarea {...input} {...told} />}
    </Labelled>
  );
}

/** One of a few: `options` are values and their names, `chosen` the one at first. */
export function ChoiceField({
  name,
  label,
  hint,
  form,
  options,
  chosen,
  onChoose,
}: Labelled & {
  options: readonly (readonly [value: string, name: string])[];
  chosen?: string | undefined;
  onChoose?: (value: string) => void;
}) {
  return (
    <Labelled name={name} label={label} hint={hint} form={form}>
      {(told) => (
        <select {...told} onChange={({ currentTarget }) => onChoose?.(currentTarget.value)}>
          {options.map(([value, text]) => (
            <option key={value} value={value} selected={value === chosen}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

/** Yes or no. */
export function Tick({ name, label, defaultChecked }: { name: string; label: string; defaultChecked: boolean }) {
  return (
    <label class="tick">
      <input type="checkbox" name={name} defaultChecked={defaultChecked} />
      <span>{label}</span>
    </label>
  );
}
