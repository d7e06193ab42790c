/** What people did, from the moment that they did it: the outbox sends it, the shelf keeps it, screens tell of it. */
import type { ProblemDocument } from "./api";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Something to be done: `kind` and `about` are for the words in which it is shown. */
export interface Deed {
  kind: string;
  about: { readonly [name: string]: Json };
  method: "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  body: Json;
}

export interface Action extends Deed {
  /** The order in which they were done, over all tabs. */
  seq: number;
  key: string;
  person: string;
  at: number;
  /** Why the server will never do it; null while it waits. */
  refusal: ProblemDocument | null;
}
