/** What is kept by days of the business's zone has no answer in another one: the way back to it. */
import { ProblemError } from "../../lib/api";
import { type Asked, addressOf } from "./period";
import { say } from "./texts";

export function ZoneWayOut({ asked, error }: { asked: Asked; error: Error | null }) {
  if (!(error instanceof ProblemError) || !error.fields.has("timezone") || asked.zone === null) return null;
  return (
    <p>
      {say("keptByDays")} <a href={`/figures${addressOf({ ...asked, zone: null })}`}>{say("inThatZone")}</a>
    </p>
  );
}
