/** Why orders are rejected or cancelled. Their restaurants read it. */
import { Dialog } from "../../ui/Dialog";
import { FieldsError, LongField, useForm } from "../../ui/form";
import type { Act } from "./steps";
import { say } from "./texts";
import { ACT_WORDS } from "./words";

const MOST_CHARACTERS = 500;

export function ReasonDialog({
  act,
  count,
  onClose,
  onReason,
}: {
  act: Act;
  count: number;
  onClose: () => void;
  onReason: (reason: string) => Promise<void>;
}) {
  const form = useForm(async (fields) => {
    const reason = String(fields.get("reason")).trim();
    if (reason === "") throw new FieldsError(new Map([["reason", say("reasonMissing")]]), "");
    await onReason(reason);
  });
  return (
    <Dialog title={say(act === "reject" ? "rejectTitle" : "cancelTitle", { count })} onClose={onClose}>
      <form {...form.attributes}>
        <LongField
          form={form}
          name="reason"
          label={say("reason")}
          hint={say("reasonHint")}
          maxLength={MOST_CHARACTERS}
          autofocus
        />
        <div class="actions">
          <button type="submit" class="go" disabled={form.busy}>
            {say(ACT_WORDS[act])}
          </button>
          <button type="button" onClick={onClose}>
            {say("keep")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
