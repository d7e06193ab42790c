/** What fires, as the socket tells it to admins: all of it each time, so the last frame is what is. */
import { live } from "./app";
import type { AlertFrame } from "./lib/live";
import { Store } from "./lib/store";

/** Null before the first frame. */
export const alerts = new Store<AlertFrame | null>(null);

/** Hears of them until the answer is called. */
export function followAlerts(): () => void {
  const stop = live.listen("alerts", { alert: (frame) => alerts.set(frame) });
  return () => {
    stop();
    alerts.set(null); // what fires is nothing for who comes next
  };
}
