/** What the keys of the board do. */
import { Dialog } from "../../ui/Dialog";
import { KEYS } from "./keys";
import { say } from "./texts";

export function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={say("keysTitle")} onClose={onClose}>
      <p class="quiet">{say("keysLine")}</p>
      <dl class="keys">
        {KEYS.map(({ shown, says }) => (
          <div key={says}>
            <dt>
              {shown.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{say(says)}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        <button type="button" onClick={onClose}>
          {say("close")}
        </button>
      </div>
    </Dialog>
  );
}
