/** What differs between two states of one thing, field by field: what has to be sent, and what is told of it. */

export interface Difference<Field extends string = string> {
  field: Field;
  before: unknown;
  after: unknown;
}

type Named<T> = Extract<keyof T, string>;

/** Of these fields, those that are another value now. Values are compared by what they hold. */
export function differences<T extends object>(
  before: T,
  after: T,
  fields: readonly Named<T>[],
): Difference<Named<T>>[] {
  return fields
    .map((field) => ({ field, before: before[field], after: after[field] }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

/** Of what is wanted, what is not so already: nothing else is sent, so that it undoes nobody's change to another field. */
export function changesTo<T extends object>(present: T, wanted: Partial<T>): Partial<T> {
  const fields = Object.keys(wanted) as Named<T>[];
  const changed = new Set(differences<T>(present, { ...present, ...wanted }, fields).map(({ field }) => field));
  return Object.fromEntries(
    fields.filter((field) => changed.has(field)).map((field) => [field, wanted[field]]),
  ) as Partial<T>;
}
