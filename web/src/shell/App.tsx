/** The frame: who is signed in decides what there is. */

import { useEffect, useRef, useState } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import { session } from "../app";
import type { Person } from "../lib/session";
import { BEHIND, SCREENS } from "../roles";
import { useStore } from "../ui/hooks";
import { Skeletons } from "../ui/pieces";
import { Boundary } from "./Broken";
import { Header } from "./Header";
import { Kept } from "./Kept";
import { reporter } from "./report";
import { SignIn } from "./SignIn";
import { say } from "./texts";
import { UpdateNote } from "./UpdateNote";

export function App() {
  const person = useStore(session.person);
  const known = useStore(session.known);
  return (
    <LocationProvider>
      <a class="skip" href="#content">
        {say("skip")}
      </a>
      <Header person={person} />
      <UpdateNote />
      <main id="content" tabIndex={-1}>
        {person !== null && <Screens person={person} />}
        {person === null && known && <SignIn />}
      </main>
    </LocationProvider>
  );
}

function Screens({ person }: { person: Person }) {
  const [loading, setLoading] = useState(false);
  const { url } = useLocation();
  const shown = useRef(location.pathname);
  useEffect(() => {
    BEHIND[person.role]?.().catch((error) => reporter.error(error));
  }, [person]);

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
      <Boundary at={url} onBroken={() => setLoading(false)}>
        <Router onLoadStart={() => setLoading(true)} onLoadEnd={() => setLoading(false)} onRouteChange={arrive}>
          {SCREENS[person.role].map(({ path, component }) => (
            <Route path={path} component={component} key={path} />
          ))}
          <Route default component={Nowhere} />
        </Router>
      </Boundary>
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
