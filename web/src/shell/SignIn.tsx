import { useState } from "preact/hooks";
import { session } from "../app";
import { useTitle } from "../ui/hooks";
import { Trouble } from "../ui/pieces";
import { say } from "./texts";

/** By address and password. The token comes as a cookie, which nothing here can read. */
export function SignIn() {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  useTitle(say("signIn"));

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      await session.signIn(String(fields.get("email")), String(fields.get("password")));
    } catch (thrown) {
      setError(thrown as Error);
      setBusy(false);
    }
  }

  return (
    <form class="sign-in card" onSubmit={submit}>
      <img src="/icons/larder.svg" alt="" width="44" height="44" />
      <h1>{say("signIn")}</h1>
      <p class="quiet">{say("welcome")}</p>
      <label>
        {say("email")}
        <input name="email" type="email" autocomplete="username" required autofocus />
      </label>
      <label>
        {say("password")}
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <Trouble error={navigator.onLine || error === null ? error : say("signedOutOffline")} />
      <button type="submit" class="go" disabled={busy}>
        {say(busy ? "signingIn" : "signIn")}
      </button>
    </form>
  );
}
