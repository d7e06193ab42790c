/** What the person may do with the order, by their role. The server has the last word on each. */
import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { outbox, session } from "../../app";
import { move } from "../../deeds";
import { ended, type Order, type Status } from "../../orders";
import { orderAgain } from "../../placing";
import { Dialog } from "../../ui/Dialog";
import { useStore } from "../../ui/hooks";
import { say } from "./texts";

/** The states that a kitchen can still call an order back from. */
const RECALLABLE: ReadonlySet<Status> = new Set(["pending", "confirmed"]);

export function Actions({ order, sending }: { order: Order; sending: boolean }) {
  const role = useStore(session.person)?.role;
  return (
    <div class="actions">
      {role === "restaurant" && RECALLABLE.has(order.status) && <Cancel order={order} sending={sending} />}
      {role === "restaurant" && ended(order.status) && <Again order={order} />}
      <button type="button" onClick={() => print()}>
        {say("print")}
      </button>
      {role !== "driver" && order.status === "delivered" && (
        <a class="button" href={`/api/orders/${order.id}/invoice.html`} target="_blank" rel="noreferrer">
          {say("invoice")}
          <span class="unseen">, {say("newPage")}</span>
        </a>
      )}
    </div>
  );
}

/** The same again; after a shortage as much as there was. */
function Again({ order }: { order: Order }) {
  const { route } = useLocation();
  return (
    <button
      type="button"
      onClick={() => {
        orderAgain(order);
        route("/cart");
      }}
    >
      {say(order.shortages.length > 0 ? "againThere" : "again")}
    </button>
  );
}

function Cancel({ order, sending }: { order: Order; sending: boolean }) {
  const [asking, setAsking] = useState(false);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get("reason")).trim();
    outbox.add(move(order, "cancelled", reason === "" ? {} : { reason }));
    setAsking(false);
  }
  return (
    <>
      <button type="button" disabled={sending} onClick={() => setAsking(true)}>
        {say("cancel")}
      </button>
      {asking && (
        <Dialog title={say("cancelTitle", { number: String(order.number) })} onClose={() => setAsking(false)}>
          <p class="quiet">{say("cancelWords")}</p>
          <form onSubmit={submit}>
            <label>
              {say("why")}
              <input name="reason" maxLength={500} autocomplete="off" />
            </label>
            <div class="actions">
              <button type="button" onClick={() => setAsking(false)}>
                {say("keep")}
              </button>
              <button type="submit" class="go">
                {say("cancelNow")}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
