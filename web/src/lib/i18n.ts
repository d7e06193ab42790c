/**
 * Words in the reader's language. A screen keeps its own, in all languages, in a file `texts.ts` beside it, so that
 * they are loaded with it and with nothing else; TypeScript refuses a language that lacks one.
 *
 * `{name}` in a text is replaced; a text may have one form for each of the language's plurals, chosen by `{count}`.
 */

const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Text = string | Plural;
type Values = Record<string, string | number>;

/** The same names in every language. */
export type Texts<Name extends string = string> = Record<Language, Record<Name, Text>>;

/** The first language of theirs that we have; English where there is none. */
export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const known = LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (known !== undefined) return known;
  }
  return "en";
}

/** For sums and times: the reader's own locale where it is of the language that is shown, else the language's. */
export function localeOf(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/** `say("lines", {count: 3})`. Throws a RangeError when a value is missing: an empty place is no sentence. */
export function translator<Name extends string>(
  texts: Texts<Name>,
  language: Language,
  locale: string,
): (name: Name, values?: Values) => string {
  const plurals = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(locale);
  return (name, values = {}) => {
    const text = texts[language][name];
    const form = typeof text === "string" ? text : (text[plurals.select(Number(values.count))] ?? text.other);
    return form.replace(/\{(\w+)\}/g, (_, key: string) => {
      const value = values[key];
      if (value === undefined) throw new RangeError(`"${name}" needs {${key}}`);
      return typeof value === "number" ? numbers.format(value) : value;
    });
  };
}
