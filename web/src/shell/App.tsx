/** The frame: who is signed in decides what there is. */

import { useState } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router } from "preact-iso";
import { session } from "../app";
import type { Person } from "../lib/session";
import { SCREENS } from "../roles";
import { useStore } from "../ui/hooks";
import { Skeletons } from "../ui/pieces";
import { Header } from "./Header";
import { Kept } from "./Kept";
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
  const [broken, setBroken] = useState(false);
  if (broken) return <Broken again={() => setBroken(false)} />;
  return (
    <>
      <Kept />
      {loading && <Skeletons count={6} label={say("loading")} />}
      <ErrorBoundary onError={() => setBroken(true)}>
        <Router onLoadStart={() => setLoading(true)} onLoadEnd={() => setLoading(false)}>
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

function Broken({ again }: { again: () => void }) {
  return (
    <section class="empty" role="alert">
      <p>{say("broken")}</p>
      <button type="button" onClick={again}>
        {say("again")}
      </button>
    </section>
  );
}
