/** An order that nobody has yet. The first to take it has it, and is on the way with it. */
import { outbox } from "../../app";
import { move } from "../../deeds";
import type { Entry } from "../../orders";
import { Facts } from "./Facts";
import { say } from "./texts";

export function Offer({ order, primary, disabled }: { order: Entry; primary: boolean; disabled: boolean }) {
  return (
    <li class="card stop">
      <Facts order={order} />
      <div class="actions">
        <button
          type="button"
          class={primary ? "go" : ""}
          disabled={disabled}
          aria-label={`${say("take")}: ${order.restaurant_name}, ${say("number", { number: String(order.number) })}`}
          onClick={() => outbox.add(move(order, "out_for_delivery"))}
        >
          {say("take")}
        </button>
      </div>
    </li>
  );
}
