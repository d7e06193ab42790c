/** A plan as a tree: what is done, on which table, by which index; what reads a whole table stands out. */
import type { components } from "../../generated/analytics";
import { Pill } from "../../ui/pieces";
import { type PlanStep, stepsOf } from "./plan";
import { say } from "./texts";
import { moment, number } from "./write";

export function Plan({ plan, open }: { plan: components["schemas"]["PlanReport"]; open: boolean }) {
  return (
    <details class="plan" open={open}>
      <summary>
        {say("plan", { role: plan.role, first: moment(plan.first_seen), last: moment(plan.last_seen) })}
      </summary>
      <Steps steps={stepsOf(plan.plan)} />
    </details>
  );
}

function Steps({ steps }: { steps: readonly PlanStep[] }) {
  if (steps.length === 0) return null;
  return (
    <ol>
      {steps.map((step, index) => (
        // A plan does not change: its steps are told apart by their place.
        <li key={index}>
          <Step step={step} />
          <Steps steps={step.steps} />
        </li>
      ))}
    </ol>
  );
}

function Step({ step: { does, table, index, conditions, rows, cost, whole } }: { step: PlanStep }) {
  const guess = [
    rows === null ? null : say("planRows", { count: rows }),
    cost === null ? null : say("planCost", { cost: number(cost) }),
  ].filter((part) => part !== null);
  return (
    <>
      <p>
        <b>{does}</b>
        {table !== null && ` ${table}`}
        {index !== null && ` ${say("planBy", { index })}`} {whole && <Pill tone="warm">{say("planWhole")}</Pill>}{" "}
        <span class="quiet">{guess.join(" · ")}</span>
      </p>
      {conditions.map((condition) => (
        <code key={condition}>{condition}</code>
      ))}
    </>
  );
}
