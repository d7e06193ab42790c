/** Why it could not be delivered: one of the usual reasons, or in words. Whoever sends drivers out decides what then. */
import { useState } from "preact/hooks";
import { outbox } from "../../app";
import { move } from "../../deeds";
import type { Entry } from "../../orders";
import { Dialog } from "../../ui/Dialog";
import { Trouble } from "../../ui/pieces";
import { say } from "./texts";

const REASONS = ["nobodyThere", "closed", "refused", "wrongAddress", "damaged", "other"] as const;

export function Problem({ order, onClose }: { order: Entry; onClose: () => void }) {
  const [chosen, setChosen] = useState<(typeof REASONS)[number] | null>(null);
  const [trouble, setTrouble] = useState("");

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const words = String(new FormData(event.currentTarget as HTMLFormElement).get("words")).trim();
    if (chosen === null) return setTrouble(say("noReason"));
    if (chosen === "other" && words === "") return setTrouble(say("noWords"));
    const reason = [chosen === "other" ? "" : say(chosen), words].filter(Boolean).join(": ");
    await outbox.add(move(order, "failed", { reason }));
    onClose();
  }

  return (
    <Dialog title={say("problemWith", { name: order.restaurant_name })} onClose={onClose}>
      <form onSubmit={submit}>
        <fieldset class="reasons">
          <legend>{say("why")}</legend>
          {REASONS.map((reason) => (
            <label key={reason}>
              <input type="radio" name="reason" checked={chosen === reason} onChange={() => setChosen(reason)} />
              {say(reason)}
            </label>
          ))}
        </fieldset>
        <label>
          {say(chosen === "other" ? "words" : "moreWords")}
          <input name="words" maxLength={400} autocomplete="off" />
        </label>
        <Trouble error={trouble} />
        <div class="actions">
          <button type="button" onClick={onClose}>
            {say("back")}
          </button>
          <button type="submit" class="go">
            {say("report")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
