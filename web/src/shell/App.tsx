/** The frame: who is signed in decides what there is. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router } from "preact-iso";
import { session } from "../app";
import type { Person } from "../lib/session";
import { BEHIND, SCREENS } from "../roles";
import { useStore } from "../ui/hooks";
import { Skeletons } from "../ui/pieces";
import { Header } from "./Header";
import { Kept } from "./Kept";
import { reporter } from "./report";
import { SignIn } from "./SignIn";
import { say } from "./texts";
import { UpdateNote } from "./UpdateNote";

export function App() {
  const person = useStore(session.person);
  return (
    <LocationProvider>
      <a class="skip" href="#content">
        {say("skip")}
      </a>
      <Header person={person} />
      <UpdateNote />
      <main id="content" tabIndex={-1}>
        {person === null ? <SignIn /> : <Screens person={person} />}
      </main>
    </LocationProvider>
  );
}

function Screens({ person }: { person: Person }) {
  const [loading, setLoading] = useState(false);
  const [broken, setBroken] = useState<unknown>(null);
  const shown = useRef(location.pathname);
  useEffect(() => {
    BEHIND[person.role]?.().catch((error) => reporter.error(error));
  }, [person]);
  if (broken !== null) return <Broken error={broken} again={() => setBroken(null)} />;

  function fail(error: unknown): void {
    reportError(error); // as one that nobody has caught: told by whatever hears of those
    setBroken(error);
  }

  /** Whoever reads by ear or keyboard begins at the new screen's beginning; a filter in the address is no new screen. */
  function arrive(): void {
    setLoading(false);
    if (shown.current === location.pathname) return;
    shown.current = location.pathname;
    document.getElementById("content")?.focus();
    scrollTo(0, 0);
  }

  return (
    <>
      <Kept />
      {loading && <Skeletons count={6} label={say("loading")} />}
      <ErrorBoundary onError={fail}>
        <Router onLoadStart={() => setLoading(true)} onLoadEnd={() => setLoading(false)} onRouteChange={arrive}>
          {SCREENS[person.role].map(({ path, component }) => (
            <Route path={path} component={component} key={path} />
          ))}
          <Route default component={Nowhere} />
        </Router>
      </ErrorBoundary>
    </>
  );
}

function Nowhere() {
  return (
    <section class="empty">
      <h1>{say("nowhere")}</h1>
      <a class="button" href="/">
        {say("home")}
      </a>
    </section>
  );
}

function Broken({ error, again }: { error: unknown; again: () => void }) {
  const missing = error instanceof TypeError && /module/i.test(error.message); // as every browser names a missing part
  return (
    <section class="empty" role="alert">
      <h1>{say("troubled")}</h1>
      <p>{say(missing ? "notLoaded" : "broken")}</p>
      <button type="button" onClick={again}>
        {say("again")}
      </button>
    </section>
  );
}
