// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepUpdated, waiting } from "../src/shell/update";

/** What a page sees of a service worker's registration. */
function registration(worker: object | null): EventTarget & { waiting: object | null } {
  return Object.assign(new EventTarget(), { waiting: worker, installing: null, update: async () => undefined });
}

function browserWith(serviceWorker: object | undefined): void {
  vi.stubGlobal("navigator", { onLine: true, serviceWorker });
}

beforeEach(() => {
  vi.stubEnv("DEV", false);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  waiting.set(null);
});

it("offers the version that waits, unless it is the first one", async () => {
  const worker = {};
  const ready = Promise.resolve({ active: null });
  const register = async () => registration(worker);
  browserWith({ register, ready, controller: null });
  await keepUpdated();
  expect(waiting.value).toBeNull();
  browserWith({ register, ready, controller: {} });
  await keepUpdated();
  expect(waiting.value).toBe(worker);
});

it.each([
  ["has no service workers", undefined],
  ["refuses them", { register: () => Promise.reject(new DOMException("not here", "SecurityError")) }],
  ["answers nothing to a registration", { register: async () => undefined }],
])("goes on without where a browser %s", async (_, serviceWorker) => {
  browserWith(serviceWorker);
  await keepUpdated();
  expect(waiting.value).toBeNull();
});
