/** What was done and not answered yet, and what the server will not do: in words, each with a way out. */
import { memory, outbox } from "../app";
import { nameOf, takeBack, wayOutOf } from "../deeds";
import type { Action } from "../lib/action";
import { problemInWords } from "../problems";
import { useStore } from "../ui/hooks";
import { say } from "./texts";

export function Kept() {
  const actions = useStore(outbox.actions);
  const lasting = [useStore(outbox.lasting), useStore(memory.lasting)].every(Boolean);
  const trouble = useStore(outbox.trouble);
  const waiting = actions.filter(({ refusal }) => refusal === null);
  return (
    <div class="kept" aria-live="polite">
      {waiting.length > 0 && <Waiting actions={waiting} />}
      {trouble !== null && (
        <p class="note" data-tone="bad">
          {say("notKept")}
        </p>
      )}
      {!lasting && <p class="note">{say(waiting.length > 0 ? "losesThese" : "keepsNothing")}</p>}
      {actions.map(
        (action) => action.refusal !== null && <Refused key={action.key} action={action} refusal={action.refusal} />,
      )}
    </div>
  );
}

function Waiting({ actions }: { actions: readonly Action[] }) {
  return (
    <details class="note waiting">
      <summary>{say("waitingActions", { count: actions.length })}</summary>
      <ul>
        {actions.map((action) => (
          <li key={action.key}>
            <span>{nameOf(action)}</span>
            <button
              type="button"
              aria-label={say("takeBackThis", { what: nameOf(action) })}
              onClick={() => takeBack(action)}
            >
              {say("takeBack")}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Refused({ action, refusal }: { action: Action; refusal: NonNullable<Action["refusal"]> }) {
  const way = wayOutOf(action);
  return (
    <div class="note" data-tone="bad">
      <p>{say("refusedAction", { what: nameOf(action), why: problemInWords(refusal) })}</p>
      <div class="actions">
        {way !== undefined && (
          <a class="button" href={way.href} onClick={() => takeBack(action)}>
            {way.name}
          </a>
        )}
        <button type="button" onClick={() => outbox.remove(action.key)}>
          {say("dismiss")}
        </button>
      </div>
    </div>
  );
}
