/** What is kept by days of the business's zone has no answer in another one: the way back to it. */
import type { ComponentChild } from "preact";
import { ProblemError } from "../../lib/api";
import { type Asked, addressOf } from "./period";
import { say } from "./texts";

export function zoneWayOut(asked: Asked, error: Error | null): ComponentChild {
  if (!(error instanceof ProblemError) || !error.fields.has("timezone") || asked.zone === null) return null;
  return (
    <p role="alert">
      {say("keptByDays")} <a href={`/figures${addressOf({ ...asked, zone: null })}`}>{say("inThatZone")}</a>
    </p>
  );
}
