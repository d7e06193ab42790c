// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { guardTaps } from "../src/shell/taps";

const heard: string[] = [];

function tap(what: HTMLElement, x = 50, y = 50, detail = 1): void {
  what.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, clientX: x, clientY: y, detail }));
}

/** A button that says what it is called when it is pressed. */
function button(name: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = name;
  made.addEventListener("click", () => heard.push(made.textContent ?? ""));
  document.body.append(made);
  return made;
}

beforeAll(() => guardTaps());
beforeEach(() => {
  document.body.replaceChildren();
  heard.length = 0;
  vi.useFakeTimers({ now: (vi.isFakeTimers() ? Date.now() : 0) + 60_000 });
});

describe("a second tap at once", () => {
  it("does nothing to what has come to where the first one was", () => {
    tap(button("Take it: Golden Pan"));
    tap(button("Take it: Blue Oven"), 60, 55);
    expect(heard).toEqual(["Take it: Golden Pan"]);
  });

  it("does nothing to a button that means something else meanwhile", () => {
    const next = button("Prepare");
    tap(next);
    next.textContent = "Ready";
    tap(next);
    expect(heard).toEqual(["Prepare"]);
  });

  it("counts on what is still the same", () => {
    const more = button("One more");
    tap(more);
    tap(more);
    expect(heard).toEqual(["One more", "One more"]);
  });

  it("counts elsewhere, and a moment later, and by key", () => {
    tap(button("Here"));
    tap(button("There"), 50, 200);
    tap(button("By key"), 50, 200, 0);
    vi.advanceTimersByTime(400);
    tap(button("Later"), 50, 200);
    expect(heard).toEqual(["Here", "There", "By key", "Later"]);
  });

  it("ticks a box by its label as it did before", () => {
    document.body.innerHTML = '<label>On duty <input type="checkbox"></label>';
    const label = document.querySelector("label");
    if (label === null) throw new Error("it is not there");
    tap(label); // which the browser hands on to the box, at the same place and at once
    expect(document.querySelector("input")?.checked).toBe(true);
  });
});
