/**
 * Larder over HTTP: typed by the services' own OpenAPI documents.
 *
 * Owns: errors as one kind each (`ProblemError` is what a service or the edge said, `UnreachableError` that nobody
 * answered, or somebody else in Larder's place), how long an answer is waited for, positions, and the cookie session: a
 * 401 is answered by one renewal for all who wait, then the request goes once more.
 * Invariants: what is asked is sent at most twice, and the second time only after a 401, which did nothing. What does not
 * come from Larder, such as the sign-in page of a hotel's network, is never taken for its answer.
 * The token is in a cookie that no script can read; nothing here ever holds it.
 */
import createClient, { type Client } from "openapi-fetch";
import type { paths as Accounts, components } from "../generated/accounts";
import type { paths as Analytics } from "../generated/analytics";
import type { paths as Catalog } from "../generated/catalog";
import type { paths as Orders } from "../generated/orders";
import type { paths as Realtime } from "../generated/realtime";
import { POSITION, type Positions } from "./positions";

export type Paths = Accounts & Analytics & Catalog & Orders & Realtime;
export type Api = Client<Paths>;

/** What is wrong with a field: a code and the limit that was not kept where there is one, and the server's words. */
export type FieldError = components["schemas"]["FieldError"];

/** RFC 9457, as every service and the edge answer it; a 409 has members of its own with the present value. */
export interface ProblemDocument {
  status: number;
  title: string;
  detail: string;
  request_id: string;
  code?: string;
  errors?: FieldError[];
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

  get fields(): ReadonlyMap<string, FieldError> {
    return new Map((this.problem.errors ?? []).map((error) => [error.field, error]));
  }

  /** Milliseconds that the server asks to wait; undefined when it does not say. */
  get retryAfterMs(): number | undefined {
    return this.problem.retry_after_s === undefined ? undefined : this.problem.retry_after_s * 1000;
  }
}

/** Larder did not answer: no network, or none that leads there, or not in time. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

const SESSION_PATH = "/api/accounts/sessions";
const RENEWAL = `${SESSION_PATH}/current/token`;

/** How long an answer is waited for. What is sent may be a photo, and the network a phone's at the edge of a cell. */
export const READ_MS = 20_000;
export const WRITE_MS = 60_000;
/** A whole catalogue: the edge waits for it as long. */
const IMPORT_PATH = "/api/catalog/imports";
const IMPORT_MS = 160_000;

export interface ApiOptions {
  /** The origin, for who is on no page; a page's own otherwise. */
  base?: string;
  fetch?: (request: Request) => Promise<Response>;
  /** The session has ended, or never was. */
  signedOut?: () => void;
  positions?: Positions;
  /** A signal that ends so many milliseconds from now. */
  timeout?: (ms: number) => AbortSignal;
}

export type Call = (request: Request) => Promise<Response>;

/** Sends requests, with the session renewed where it ran out. An answer that is an error is thrown. */
export function makeCall(options: ApiOptions = {}): Call {
  const base = options.base ?? "";
  const send = options.fetch ?? ((request: Request) => fetch(request));
  let renewal: Promise<boolean> | null = null;

  const timeout = options.timeout ?? ((ms: number) => AbortSignal.timeout(ms));

  async function reach(asked: Request): Promise<Response> {
    const signal = AbortSignal.any([asked.signal, timeout(patienceFor(asked))]);
    const request = new Request(asked, { signal });
    const position = options.positions?.wantedBy(request);
    if (position) request.headers.set(POSITION, position);
    let response: Response;
    try {
      response = await send(request);
    } catch (error) {
      throw missing(asked, error);
    }
    if (isStrangers(response)) throw new UnreachableError("Something else answered in Larder's place.");
    options.positions?.hearAnswer(request, response);
    return response;
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
  try {
    const { data } = await call;
    return data as T; // an answer that is an error was thrown
  } catch (error) {
    if (error instanceof ProblemError || error instanceof UnreachableError || isAbort(error)) throw error;
    throw new UnreachableError("The answer did not come to its end.", { cause: error });
  }
}

/** Whether the same may be answered well another time: what may not is shown, and not asked for again. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.status >= 500 || PASSING.has(error.status);
}
const PASSING = new Set([401, 408, 425, 429]); // 401: whoever signs in again goes on

function patienceFor({ method, url }: Request): number {
  if (new URL(url).pathname === IMPORT_PATH) return IMPORT_MS;
  return method === "GET" ? READ_MS : WRITE_MS;
}

/** Larder sends nobody elsewhere, answers no call with a page, and calls its errors by their name. */
function isStrangers(response: Response): boolean {
  const kind = response.headers.get("Content-Type") ?? "";
  return response.redirected || (response.ok ? kind.startsWith("text/html") : !kind.startsWith(PROBLEM));
}
const PROBLEM = "application/problem+json";

/** What became of a request without an answer. Who called it off knows that themselves. */
function missing(asked: Request, error: unknown): unknown {
  if (asked.signal.aborted) return asked.signal.reason;
  const late = error instanceof DOMException && error.name === "TimeoutError";
  return new UnreachableError(late ? "Larder did not answer in time." : "Larder cannot be reached.", { cause: error });
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function problemOf(response: Response): Promise<ProblemError> {
  try {
    return new ProblemError(await response.json());
  } catch (error) {
    throw new UnreachableError("The answer did not come to its end.", { cause: error });
  }
}
