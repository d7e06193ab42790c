/** On or off duty: off duty nobody gives them orders, and they keep what they have. */
import { outbox } from "../../app";
import { setDuty } from "../../deeds";
import { useStore } from "../../ui/hooks";
import { say } from "./texts";
import { work } from "./work";

export function Duty() {
  const known = useStore(work().onDuty);
  const wanted = useStore(outbox.actions).findLast(({ kind, refusal }) => kind === "duty" && refusal === null);
  const on = wanted === undefined ? known : wanted.about.on === 1;
  return (
    <button
      type="button"
      class="duty"
      role="switch"
      aria-checked={on === true}
      disabled={on === null}
      onClick={() => outbox.add(setDuty(!on))}
    >
      <span class="knob" aria-hidden="true" />
      {say("onDuty")}
    </button>
  );
}
