import { clock, live, locale, texts } from "../app";
import { UnreachableError } from "../lib/api";
import type { ReadState } from "../lib/read";
import { when } from "../lib/time";
import { useStore } from "./hooks";
import { Trouble } from "./pieces";

const say = texts({
  en: { state: "Shows the state of {when}" },
  de: { state: "Zeigt den Stand von {when}" },
});

/** What was read this recently while the connection is being made is not called old: it may be there in a moment. */
const RECENT_MS = 5_000;

/**
 * Of when the oldest is of what a screen shows, while it may be old: no connection keeps it true, or it could not be read
 * anew. And what is wrong; but that nobody can be reached is no trouble where a copy is shown, for it says of when it is.
 */
export function Freshness({ of: shown }: { of: readonly Pick<ReadState<unknown>, "asOf" | "error">[] }) {
  const { is } = useStore(live.status);
  const mayBeOld = shown.filter(({ asOf, error }) => {
    if (asOf === null) return false;
    if (error !== null) return true;
    return is !== "live" && !(is === "connecting" && clock.now() - asOf < RECENT_MS);
  });
  const oldest = Math.min(...mayBeOld.map(({ asOf }) => asOf ?? Number.POSITIVE_INFINITY));
  const wrong = shown.find(
    ({ asOf, error }) => error !== null && !(asOf !== null && error instanceof UnreachableError),
  );
  return (
    <>
      {mayBeOld.length > 0 && (
        <p class="as-of">{say("state", { when: when(new Date(oldest).toISOString(), clock.now(), locale) })}</p>
      )}
      <Trouble error={wrong?.error} />
    </>
  );
}
