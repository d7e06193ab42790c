/** An order that is ready and theirs: to be loaded, and then on the way. */
import { outbox } from "../../app";
import { move } from "../../deeds";
import type { Entry } from "../../orders";
import { Facts } from "./Facts";
import { say } from "./texts";

export function Load({ order, primary }: { order: Entry; primary: boolean }) {
  return (
    <li class="card stop">
      <span class="place" data-waiting>
        <span class="unseen">{say("stop")} </span>
        {order.stop ?? "–"}
      </span>
      <Facts order={order} />
      <div class="actions">
        <button
          type="button"
          class={primary ? "go" : ""}
          aria-label={`${say("setOut")}: ${order.restaurant_name}`}
          onClick={() => outbox.add(move(order, "out_for_delivery"))}
        >
          {say("setOut")}
        </button>
      </div>
    </li>
  );
}
