/**
 * Larder over HTTP: typed by the services' own OpenAPI documents.
 *
 * Owns: errors as one kind each (`ProblemError` is what a service or the edge said, `UnreachableError` that nobody
 * answered), and the cookie session: a 401 is answered by one renewal for all who wait, then the request goes once more.
 * Invariant: what is asked is sent at most twice, and the second time only after a 401, which did nothing.
 * The token is in a cookie that no script can read; nothing here ever holds it.
 */
import createClient, { type Client } from "openapi-fetch";
import type { paths as Accounts } from "../generated/accounts";
import type { paths as Analytics } from "../generated/analytics";
import type { paths as Catalog } from "../generated/catalog";
import type { paths as Orders } from "../generated/orders";
import type { paths as Realtime } from "../generated/realtime";

export type Paths = Accounts & Analytics & Catalog & Orders & Realtime;
export type Api = Client<Paths>;

/** RFC 9457, as every service and the edge answer it; a 409 has members of its own with the present value. */
export interface ProblemDocument {
  status: number;
  title: string;
  detail: string;
  request_id: string;
  code?: string;
  errors?: { field: string; detail: string }[];
  retry_after_s?: number;
  [present: string]: unknown;
}

/** An answer that is an error. `fields` says what is wrong with which field, by its path: `items[0].quantity`. */
export class ProblemError extends Error {
  override name = "ProblemError";
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string | undefined {
    return this.problem.code;
  }

  get fields(): ReadonlyMap<string, string> {
    return new Map((this.problem.errors ?? []).map(({ field, detail }) => [field, detail]));
  }

  /** Milliseconds that the server asks to wait; undefined when it does not say. */
  get retryAfterMs(): number | undefined {
    return this.problem.retry_after_s === undefined ? undefined : this.problem.retry_after_s * 1000;
  }
}

/** Nobody answered: no network, or none that leads to Larder. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

export const SESSION_PATH = "/api/accounts/sessions";
const RENEWAL = `${SESSION_PATH}/current/token`;

export interface ApiOptions {
  /** The origin, for who is on no page; a page's own otherwise. */
  base?: string;
  fetch?: (request: Request) => Promise<Response>;
  /** The session has ended, or never was. */
  signedOut?: () => void;
}

export type Call = (request: Request) => Promise<Response>;

/** Sends requests, with the session renewed where it ran out. An answer that is an error is thrown. */
export function makeCall(options: ApiOptions = {}): Call {
  const base = options.base ?? "";
  const send = options.fetch ?? ((request: Request) => fetch(request));
  let renewal: Promise<boolean> | null = null;

  async function reach(request: Request): Promise<Response> {
    try {
      return await send(request);
    } catch (error) {
      throw new UnreachableError("Larder cannot be reached.", { cause: error });
    }
  }

  /** Whether there is a session again. Throws what keeps that from being known. */
  async function renew(): Promise<boolean> {
    const answer = await reach(new Request(`${base}${RENEWAL}`, { method: "POST" }));
    if (answer.status === 401) return false;
    if (!answer.ok) throw await problemOf(answer);
    return true;
  }

  function renewOnce(): Promise<boolean> {
    renewal ??= renew().finally(() => {
      renewal = null;
    });
    return renewal;
  }

  return async (request) => {
    const again = request.clone(); // a body can be read once
    const first = await reach(request);
    if (first.ok) return first;
    const problem = await problemOf(first);
    // Signing in and out and the renewal itself: their 401 is the answer.
    if (problem.status !== 401 || new URL(request.url).pathname.startsWith(SESSION_PATH)) throw problem;
    if (!(await renewOnce())) {
      options.signedOut?.();
      throw problem;
    }
    const second = await reach(again);
    if (!second.ok) throw await problemOf(second);
    return second;
  };
}

/** A client of Larder. Its calls throw ProblemError and UnreachableError; `answer` gives what they answered. */
export function makeApi(options: ApiOptions = {}, call: Call = makeCall(options)): Api {
  return createClient<Paths>({ baseUrl: options.base ?? "", fetch: call });
}

/** What was answered: `await answer(api.GET("/api/catalog/categories"))`. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T; // an answer that is an error was thrown
}

/** What an answer that is an error says. One that is no problem document comes from something between us and Larder. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const text = await response.text();
  const kind = response.headers.get("Content-Type") ?? "";
  if (kind.startsWith("application/problem+json")) return new ProblemError(JSON.parse(text));
  const title = response.statusText || String(response.status);
  const request_id = response.headers.get("X-Request-ID") ?? "";
  return new ProblemError({ status: response.status, title, detail: title, request_id });
}
