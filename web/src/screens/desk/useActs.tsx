/** Acts on orders, one or many: straight into the outbox, or after a question about the reason or the driver. */
import { useState } from "preact/hooks";
import { outbox } from "../../app";
import { move } from "../../deeds";
import { AssignDialog, type DriverOf } from "./AssignDialog";
import { ReasonDialog } from "./ReasonDialog";
import { type Act, type Acted, may, NEEDS_A_REASON, targetOf } from "./steps";

/** What is asked about, while somebody is being asked. */
interface Question {
  act: Act;
  orders: readonly Acted[];
}

/** `run` does it to those of the orders that it may be done to; `dialog` is to be drawn. `onDone`: it is on its way. */
export function useActs(onDone: () => void) {
  const [question, setQuestion] = useState<Question | null>(null);

  async function send(act: Act, orders: readonly Acted[], reason?: string, driverOf?: DriverOf): Promise<void> {
    setQuestion(null);
    onDone();
    const moves = orders.map((order) => {
      const driver = driverOf?.(order);
      const more = act === "unassign" ? { driver_id: null } : driver === undefined ? {} : { driver_id: driver.id };
      return move(order, targetOf(act), reason === undefined ? more : { reason }, driver?.name);
    });
    await outbox.addAll(moves);
  }

  function run(act: Act, all: readonly Acted[]): void {
    const orders = all.filter((order) => may(act, order));
    if (orders.length === 0) return;
    if (act === "assign" || NEEDS_A_REASON.has(act)) setQuestion({ act, orders });
    else send(act, orders);
  }

  const dialog =
    question === null ? null : question.act === "assign" ? (
      <AssignDialog
        orders={question.orders}
        onClose={() => setQuestion(null)}
        onGive={(driverOf) =>
          send(
            "assign",
            question.orders.filter((order) => driverOf(order) !== undefined),
            undefined,
            driverOf,
          )
        }
      />
    ) : (
      <ReasonDialog
        act={question.act}
        count={question.orders.length}
        onClose={() => setQuestion(null)}
        onReason={(reason) => send(question.act, question.orders, reason)}
      />
    );
  return { run, dialog };
}
