/**
 * A page for tests of components: a simulated document (happy-dom), the app as it is, and a server that says what the
 * test wants. A test that uses it begins with `// @vitest-environment happy-dom`.
 */
import type { ComponentChild } from "preact";
import { render } from "preact";
import { act } from "preact/test-utils";
import { vi } from "vitest";

type Answers = Record<string, (body: unknown, query: URLSearchParams) => Response>;

/**
 * What the server answers, by `POST /api/orders`, and `otherwise` to a GET of another path; to all else nothing comes.
 * The list fills with what was asked.
 */
export function serve(answers: Answers, otherwise: (path: string) => Response | undefined = () => undefined): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (request: Request | string, init?: RequestInit) => {
    const method = typeof request === "string" ? (init?.method ?? "GET") : request.method;
    const { pathname, search, searchParams } = new URL(
      typeof request === "string" ? request : request.url,
      location.href,
    );
    asked.push(`${method} ${pathname}${search}`);
    const answer = answers[`${method} ${pathname}`];
    const other = answer === undefined && method === "GET" ? otherwise(pathname) : undefined;
    if (other !== undefined) return other;
    if (answer === undefined) throw new TypeError("Failed to fetch");
    const text = typeof request === "string" ? init?.body : await request.text();
    return answer(typeof text === "string" && text !== "" ? JSON.parse(text) : undefined, searchParams);
  });
  return asked;
}

export function problem(status: number, more: object = {}): Response {
  const body = { type: "about:blank", title: "T", status, detail: "Why.", request_id: "r1", ...more };
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json" } });
}

/** Shows it in place of what was there. */
export async function show(what: ComponentChild): Promise<HTMLElement> {
  await act(() => render(what, document.body));
  return document.body;
}

/** Whatever is under way has ended and is drawn. */
export async function drawn(): Promise<void> {
  await act(async () => {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  });
}

/** The button or link with this name, as it is said or read out. */
export function named(name: string): HTMLElement {
  const found = [...document.querySelectorAll<HTMLElement>("button, a, summary")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent ?? "").trim() === name,
  );
  if (found === undefined) throw new Error(`nothing is called "${name}" in: ${document.body.textContent}`);
  return found;
}

export async function press(name: string): Promise<void> {
  named(name).click();
  await drawn();
}

/** Fills a form's fields, by their names, and sends it. */
export async function submit(values: Record<string, string>): Promise<void> {
  const form = document.querySelector("form");
  if (form === null) throw new Error("there is no form");
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name) as HTMLInputElement;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await drawn();
}
