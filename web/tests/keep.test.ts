// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { live, outbox, session } from "../src/app";
import type { Person } from "../src/lib/session";
import { keepWhatWaits } from "../src/shell/keep";
import { serve } from "./page";

const ANN: Person = { id: "ann", name: "Ann", role: "admin", restaurant_id: null, zone: null };
const DEED = { kind: "move", about: {}, method: "POST", path: "/api/orders/o1/transitions", body: {} } as const;

async function signedIn(): Promise<void> {
  serve({
    "POST /api/accounts/sessions": () =>
      Response.json({ access_token: "t", expires_in: 900, person: ANN }, { status: 201 }),
  });
  await session.signIn("ann@larder.test", "larder");
}

afterEach(async () => {
  for (const { key } of outbox.actions.value) await outbox.remove(key);
  await session.ended();
  vi.unstubAllGlobals();
});

it("asks a browser to keep its storage once something waits without a connection, and never again", async () => {
  const persist = vi.fn(async () => false);
  vi.stubGlobal("navigator", { ...navigator, locks: navigator.locks, onLine: true, storage: { persist } });
  await signedIn();
  live.stop(); // from here on it is what the test says
  keepWhatWaits();
  live.status.set({ is: "live" });
  await outbox.add(DEED);
  expect(persist).not.toHaveBeenCalled();
  live.status.set({ is: "offline" });
  await outbox.add(DEED);
  await outbox.add(DEED);
  expect(persist).toHaveBeenCalledOnce();
});
