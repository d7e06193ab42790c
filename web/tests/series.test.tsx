// @vitest-environment happy-dom
/** Charts and tables as they are read without being seen. */
import { LocationProvider } from "preact-iso";
import { afterEach, describe, expect, it } from "vitest";
import { Chart } from "../src/ui/chart/Chart";
import type { Point } from "../src/ui/chart/point";
import { Table } from "../src/ui/Table";
import { drawn, press, show } from "./page";

const points: Point[] = [
  { key: "a", name: "Monday", short: "Mon", value: 3, before: 1, href: "/orders?of=a" },
  { key: "b", name: "Tuesday", short: "Tue", value: null, before: 2 },
  { key: "c", name: "Wednesday", short: "Wed", value: 0, before: null },
];

async function key(name: string): Promise<void> {
  slider().dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  await drawn();
}

function slider(): HTMLElement {
  const found = document.querySelector<HTMLElement>('[role="slider"]');
  if (found === null) throw new Error("there is no chart");
  return found;
}

const text = () => slider().getAttribute("aria-valuetext");

afterEach(() => show(null));

describe("a chart", () => {
  const chart = (of: readonly Point[]) => (
    <LocationProvider>
      <Chart title="Orders" points={of} write={(value) => `${value} orders`} short={String} whole />
    </LocationProvider>
  );

  it("says one value at a time, from the last, and which is not known", async () => {
    await show(chart(points));
    expect(text()).toBe("Wednesday: 0 orders, before: not known");
    await key("ArrowLeft");
    expect(text()).toBe("Tuesday: not known, before: 2 orders");
    await key("Home");
    await key("ArrowLeft");
    expect(text()).toBe("Monday: 3 orders, before: 1 orders");
    await key("End");
    expect(slider().getAttribute("aria-valuenow")).toBe("2");
  });

  it("leads to what is behind a value", async () => {
    await show(chart(points));
    await key("Home");
    await key("Enter");
    expect(location.pathname + location.search).toBe("/orders?of=a");
  });

  it("says that there is nothing", async () => {
    await show(chart([]));
    await key("ArrowRight");
    expect(text()).toBe("Nothing in this time.");
  });

  it("has all of it in its table", async () => {
    await show(chart(points));
    const details = document.querySelector("details");
    if (details === null) throw new Error("there is no table");
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    await drawn();
    const rows = [...details.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(rows).toEqual([
      ["Monday", "3 orders", "1 orders"],
      ["Tuesday", "not known", "2 orders"],
      ["Wednesday", "0 orders", "not known"],
    ]);
    expect(details.querySelector("a")?.getAttribute("href")).toBe("/orders?of=a");
  });
});

describe("a table", () => {
  const rows = [
    { name: "b", size: 2 },
    { name: "a", size: null },
    { name: "c", size: 10 },
  ];
  const table = (most?: number) => (
    <Table
      label="Sizes"
      rows={rows}
      keyOf={({ name }) => name}
      {...(most === undefined ? {} : { most })}
      columns={[
        { name: "Name", cell: ({ name }) => name, by: ({ name }) => name },
        { name: "Size", number: true, cell: ({ size }) => size ?? "–", by: ({ size }) => size },
      ]}
    />
  );
  const names = () => [...document.querySelectorAll("tbody th")].map((cell) => cell.textContent);
  const sorted = () => [...document.querySelectorAll("thead th")].map((cell) => cell.getAttribute("aria-sort"));

  it("is in the order that it came in, until somebody sorts it", async () => {
    await show(table());
    expect(names()).toEqual(["b", "a", "c"]);
    await press("Size");
    expect(names()).toEqual(["c", "b", "a"]);
    expect(sorted()).toEqual([null, "descending"]);
    await press("Size");
    expect(names()).toEqual(["b", "c", "a"]); // what is not known comes last both ways
    await press("Name");
    expect(names()).toEqual(["a", "b", "c"]);
    expect(sorted()).toEqual(["ascending", null]);
  });

  it("shows the first, by their order, and all when it is asked to", async () => {
    await show(table(2));
    await press("Size");
    expect(names()).toEqual(["c", "b"]);
    await press("Show all 3");
    expect(names()).toEqual(["c", "b", "a"]);
  });
});
