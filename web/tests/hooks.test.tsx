// @vitest-environment happy-dom
import { useLayoutEffect } from "preact/hooks";
import { expect, it } from "vitest";
import { Store } from "../src/lib/store";
import { useStore } from "../src/ui/hooks";
import { drawn, show } from "./page";

it("a value that changes after it was drawn, and before it is watched, is drawn again", async () => {
  const store = new Store("before");
  function Value() {
    const value = useStore(store);
    useLayoutEffect(() => store.set("after"), []); // before any effect of useStore's own
    return <p>{value}</p>;
  }
  await show(<Value />);
  await drawn();
  expect(document.body.textContent).toBe("after");
  store.set("later");
  await drawn();
  expect(document.body.textContent).toBe("later");
});
