/** Beside the connection, for admins: whether something fires, on every screen; it leads to what to do. */
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { alerts, followAlerts } from "../alerts";
import { useStore } from "../ui/hooks";
import { say } from "./texts";

export function AlertsBadge() {
  useEffect(followAlerts, []);
  const frame = useStore(alerts);
  const { path } = useLocation();
  const firing = frame?.firing ?? [];
  const urgent = firing.some(({ severity }) => severity === "page");
  const unknown = frame?.judged === false;
  const text = unknown ? say("alertsUnknown") : say("alertsFiring", { count: firing.length });
  return (
    <a
      class="icon button alerts"
      href="/database/alerts"
      title={text}
      aria-current={path === "/database/alerts" ? "page" : undefined}
    >
      <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
        <path
          d="M8 1.8a4.2 4.2 0 0 0-4.2 4.2c0 3.6-1.4 4.9-1.4 5.6h11.2c0-.7-1.4-2-1.4-5.6A4.2 4.2 0 0 0 8 1.8zM6.4 13.4a1.7 1.7 0 0 0 3.2 0"
          fill="none"
          stroke="currentColor"
          stroke-width="1.4"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      </svg>
      {(firing.length > 0 || unknown) && (
        <span class="count" data-tone={urgent ? "bad" : "warm"} aria-hidden="true">
          {unknown ? "?" : firing.length}
        </span>
      )}
      <span class="unseen" role="status">
        {text}
      </span>
    </a>
  );
}
