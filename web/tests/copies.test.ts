import { afterEach, expect, it } from "vitest";
import { Copies, MOST_COPIES } from "../src/lib/copies";
import { closeDatabases, loseDatabases, withoutDatabases } from "./system";

let names = 0;
const open: Copies[] = [];

function tabs(count: number): Copies[] {
  const name = `copies-${names++}`;
  const made = Array.from({ length: count }, () => new Copies(name));
  open.push(...made);
  return made;
}

afterEach(async () => {
  for (const copies of open.splice(0)) await copies.close();
});

it("are there when the same person comes back", async () => {
  const [before, after] = tabs(2) as [Copies, Copies];
  await before.belongTo("ann");
  expect(await before.put("orders", [1, 2], 7)).toBe(true);
  await after.belongTo("ann");
  expect(await after.get("orders")).toEqual({ value: [1, 2], at: 7 });
});

it.each([null, "bob"])("are gone for %s, also for a tab that has not heard of it", async (next) => {
  const [slow, quick] = tabs(2) as [Copies, Copies];
  await slow.belongTo("ann");
  await slow.put("orders", [1], 7);
  await quick.belongTo(next);
  expect(await quick.get("orders")).toBeUndefined();
  expect(await slow.get("orders")).toBeUndefined();
  expect(await slow.put("orders", [2], 8)).toBe(false);
  expect(await quick.get("orders")).toBeUndefined();
  await slow.belongTo("ann");
  expect(await slow.get("orders")).toBeUndefined();
});

it("are nobody's before anybody is there", async () => {
  const [copies] = tabs(1) as [Copies];
  expect(await copies.put("orders", [1], 7)).toBe(false);
  expect(await copies.get("orders")).toBeUndefined();
});

it("are the newest ones when there are too many", async () => {
  const [copies] = tabs(1) as [Copies];
  await copies.belongTo("ann");
  for (let n = 0; n <= MOST_COPIES; n++) await copies.put(`order ${n}`, n, n);
  expect(await copies.get("order 0")).toBeUndefined();
  expect(await copies.get("order 1")).toEqual({ value: 1, at: 1 });
});

it("are none where the browser keeps nothing", async () => {
  await withoutDatabases(async () => {
    const [copies] = tabs(1) as [Copies];
    await copies.belongTo("ann");
    expect(await copies.put("orders", [1], 7)).toBe(false);
    expect(await copies.get("orders")).toBeUndefined();
  });
});

it("are there again when the system has closed their database", async () => {
  const [copies] = tabs(1) as [Copies];
  await copies.belongTo("ann");
  await copies.put("orders", [1], 7);
  closeDatabases();
  expect(await copies.get("orders")).toEqual({ value: [1], at: 7 });
  loseDatabases();
  expect(await copies.put("orders", [2], 8)).toBe(true);
  expect(await copies.get("orders")).toEqual({ value: [2], at: 8 });
});

it("are nothing that anybody waits for while their database cannot be opened again", async () => {
  const [copies] = tabs(1) as [Copies];
  await copies.belongTo("ann");
  await copies.put("orders", [1], 7);
  loseDatabases();
  await withoutDatabases(async () => {
    expect(await copies.put("orders", [2], 8)).toBe(false);
    expect(await copies.get("orders")).toBeUndefined();
    await copies.belongTo("bob");
  });
  expect(await copies.get("orders")).toBeUndefined(); // they are still Ann's
});
