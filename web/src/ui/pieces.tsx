/** The small pieces that every screen is made of. */
import type { ComponentChildren } from "preact";
import { inWords } from "../problems";

export type Tone = "good" | "warm" | "bad" | "plain";

/** A state in a word. The dot says it again for who reads shapes before words; colour alone says nothing. */
export function Pill({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return (
    <span class="pill" data-tone={tone}>
      {children}
    </span>
  );
}

/** What is wrong, read out as soon as it is there. */
export function Trouble({ error }: { error: Error | string | null | undefined }) {
  const text = typeof error === "string" ? error : error ? inWords(error) : "";
  return (
    <p class="trouble" role="alert">
      {text}
    </p>
  );
}

/** The room that something takes which is on its way, so that nothing jumps when it comes. */
export function Skeletons({ count, label }: { count: number; label: string }) {
  return (
    <div class="skeletons" role="status" aria-label={label}>
      {Array.from({ length: count }, (_, index) => (
        <div class="skeleton" key={index} />
      ))}
    </div>
  );
}

/** A screen's name, a line under it, and what stands beside. */
export function Heading({ title, line, children }: { title: string; line?: string; children?: ComponentChildren }) {
  return (
    <header class="heading">
      <div>
        <h1>{title}</h1>
        <p class="quiet">{line ?? "\u00a0"}</p>
      </div>
      {children}
    </header>
  );
}
