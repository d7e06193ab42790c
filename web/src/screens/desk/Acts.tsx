/** What can be done with the orders that are selected, each act with how many of them it is for. */
import { type Act, type Acted, actsFor } from "./steps";
import { say } from "./texts";
import { ACT_WORDS } from "./words";

export function Acts({
  orders,
  onRun,
  onClear,
}: {
  orders: readonly Acted[];
  onRun: (act: Act, orders: readonly Acted[]) => void;
  onClear: () => void;
}) {
  return (
    <fieldset class="acts card">
      <legend class="unseen">{say("actsOnSelected")}</legend>
      <b role="status">{say("selected", { count: orders.length })}</b>
      {actsFor(orders).map(([act, those]) => (
        <button type="button" key={act} onClick={() => onRun(act, those)}>
          {say("some", { act: say(ACT_WORDS[act]), count: those.length })}
        </button>
      ))}
      <button type="button" class="plain" onClick={onClear}>
        {say("clear")}
      </button>
    </fieldset>
  );
}
