/** Orders that were placed and wait to be sent: they are orders already, as far as the kitchen is concerned. */
import { live, outbox } from "../../app";
import { nameOf } from "../../deeds";
import { useStore } from "../../ui/hooks";
import { Pill } from "../../ui/pieces";
import { say } from "./texts";

export function Sending() {
  const waiting = useStore(outbox.actions).filter(({ kind, refusal }) => kind === "place" && refusal === null);
  const isLive = useStore(live.status).is === "live";
  if (waiting.length === 0) return null;
  return (
    <ul class="cards sending">
      {waiting.map((action) => (
        <li key={action.key} class="card order-row">
          <h2>{nameOf(action)}</h2>
          <Pill tone="warm">{say(isLive ? "sending" : "kept")}</Pill>
        </li>
      ))}
    </ul>
  );
}
