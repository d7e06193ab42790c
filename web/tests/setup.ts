/** Before every test, and before what it imports: of a browser what the simulated one has not. */
import "fake-indexeddb/auto";

/** One at a time, which one page does anyway. */
if (typeof document !== "undefined") {
  Object.defineProperty(navigator, "locks", {
    value: { request: async (_: string, work: () => Promise<unknown>) => work() },
  });
}
