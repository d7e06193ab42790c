import { useStore } from "../ui/hooks";
import { say } from "./texts";
import { takeOver, waiting } from "./update";

/** That there is a new version. Nothing is lost by using it, and nothing by waiting. */
export function UpdateNote() {
  const worker = useStore(waiting);
  return (
    <div role="status">
      {worker !== null && (
        <div class="note update">
          <p>{say("update")}</p>
          <button type="button" onClick={() => takeOver(worker)}>
            {say("reload")}
          </button>
        </div>
      )}
    </div>
  );
}
