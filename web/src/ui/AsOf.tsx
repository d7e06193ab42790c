import { clock, live, locale, texts } from "../app";
import { UnreachableError } from "../lib/api";
import { when } from "../lib/time";
import { useStore } from "./hooks";
import { Trouble } from "./pieces";

const say = texts({
  en: { state: "Shows the state of {when}" },
  de: { state: "Zeigt den Stand von {when}" },
});

/** Of when something is that is shown, while it may be old. Nothing while events keep it true. */
export function AsOf({ at }: { at: number | null }) {
  const isLive = useStore(live.status).is === "live";
  if (isLive || at === null) return null;
  return <p class="as-of">{say("state", { when: when(new Date(at).toISOString(), clock.now(), locale) })}</p>;
}

/** The same with what is wrong. That nobody can be reached is no trouble where a copy is shown: it says of when it is. */
export function Freshness({ at, error }: { at: number | null; error: Error | null }) {
  return (
    <>
      <AsOf at={at} />
      <Trouble error={at !== null && error instanceof UnreachableError ? null : error} />
    </>
  );
}
