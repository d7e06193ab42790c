/** What was done and not answered yet, and what the server will not do: in words, each with a way out. */
import { outbox } from "../app";
import { nameOf } from "../deeds";
import { useStore } from "../ui/hooks";
import { say } from "./texts";

export function Kept() {
  const actions = useStore(outbox.actions);
  const waiting = actions.filter(({ refusal }) => refusal === null).length;
  return (
    <div class="kept" aria-live="polite">
      {waiting > 0 && <p class="note">{say("waitingActions", { count: waiting })}</p>}
      {actions.map(
        (action) =>
          action.refusal !== null && (
            <div class="note" data-tone="bad" key={action.key}>
              <p>{say("refusedAction", { what: nameOf(action), why: action.refusal.detail })}</p>
              <button type="button" onClick={() => outbox.remove(action.key)}>
                {say("dismiss")}
              </button>
            </div>
          ),
      )}
    </div>
  );
}
