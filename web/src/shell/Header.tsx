/** The bar on top: the mark, the role's screens, whether what is shown is live, and what belongs to the person. */
import { language, live, session, speak } from "../app";
import type { LiveStatus } from "../lib/live";
import type { Person } from "../lib/session";
import { useStore } from "../ui/hooks";
import { Icon } from "../ui/Icon";
import { Pill, type Tone } from "../ui/pieces";
import { AlertsBadge } from "./AlertsBadge";
import { Navigation } from "./Navigation";
import { say } from "./texts";
import { toggleTheme } from "./theme";

export function Header({ person }: { person: Person | null }) {
  return (
    <header class="bar">
      <a class="mark" href="/">
        <img src="/icons/larder.svg" alt="" width="24" height="24" />
        Larder
      </a>
      {person !== null && <Navigation person={person} />}
      <div class="tools">
        {person !== null && <Connection />}
        {person?.role === "admin" && <AlertsBadge />}
        <button type="button" class="icon" onClick={() => speak(language === "en" ? "de" : "en")}>
          <span aria-hidden="true">{language === "en" ? "DE" : "EN"}</span>
          <span class="unseen">{say("language")}</span>
        </button>
        <button type="button" class="icon" aria-label={say("theme")} onClick={toggleTheme}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" />
            <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
          </svg>
        </button>
        {person !== null && (
          <button type="button" class="plain leave" title={person.name} onClick={() => session.signOut()}>
            <Icon name="leave" />
            <span>{say("signOut")}</span>
          </button>
        )}
      </div>
    </header>
  );
}

const TONES: Record<LiveStatus["is"], Tone> = {
  live: "good",
  connecting: "warm",
  waiting: "warm",
  offline: "bad",
  refused: "bad",
  off: "plain",
};

/** Always there and always true; read out when it changes. */
function Connection() {
  const { is } = useStore(live.status);
  return (
    <span class="connection" role="status" aria-label={say("connection", { state: say(is) })} data-state={is}>
      <Pill tone={TONES[is]}>{say(is)}</Pill>
    </span>
  );
}
