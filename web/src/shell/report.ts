/** What a page tells of itself (lib/report.ts), gathered from the browser and sent without holding anything up. */
import { chance, clock, live, outbox, session } from "../app";
import { answersWithOrder } from "../deeds";
import { Latencies } from "../lib/latency";
import { type Report, Reporter } from "../lib/report";
import { patternOf } from "../roles";

const REPORTS = "/api/realtime/reports";

export const reporter = new Reporter({
  send,
  clock,
  chance,
  // A part is named by its content's hash: that tells builds apart.
  build: /-([\w-]{1,40})\.js$/.exec(import.meta.url)?.[1] ?? "dev",
  page: () => patternOf(session.person.value?.role, location.pathname),
});

/** From now on. */
export function reportAll(): void {
  addEventListener("error", ({ error, message }) => reporter.error(error ?? new Error(message)));
  addEventListener("unhandledrejection", ({ reason }) => reporter.error(reason));
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    reporter.error(new Error(`the policy's ${violatedDirective} blocked ${blockedURI}`)),
  );
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") reporter.flush();
  });
  if (!reporter.sampled) return;
  reportLatencies();
  reportVitals().catch((error) => reporter.error(error));
}

function reportLatencies(): void {
  const latencies = new Latencies(clock, (ms) => reporter.latency(ms));
  live.onEvent = ({ order }) => latencies.heard(order.id, order.version);
  outbox.whenSent(({ key }) => latencies.sent(key));
  outbox.whenDone((action, answer) => {
    if (!answersWithOrder(action)) return;
    const { id, version } = answer as { id: string; version: number };
    latencies.answered(action.key, id, version);
  });
}

/** They are measured from the page's beginning, however late this part is loaded. */
async function reportVitals(): Promise<void> {
  const { onCLS, onFCP, onINP, onLCP, onTTFB } = await import("web-vitals");
  for (const watch of [onCLS, onFCP, onINP, onLCP, onTTFB]) watch(({ name, value }) => reporter.vital(name, value));
}

/** Whatever becomes of it, also when the page is gone. */
function send(report: Report): void {
  const body = JSON.stringify(report);
  const headers = { "Content-Type": "application/json" };
  fetch(REPORTS, { method: "POST", body, headers, keepalive: true }).catch(() => undefined);
}
