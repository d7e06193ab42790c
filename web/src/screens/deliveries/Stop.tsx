/** A stop that is on the way. The next one is large and has the one filled button of the screen. */
import { wayTo } from "../../lib/navigation";
import type { Entry } from "../../orders";
import { Facts } from "./Facts";
import { say } from "./texts";

/** What is asked about a stop, over the page. */
export type Question = "handOver" | "problem";

interface StopProps {
  order: Entry;
  next?: boolean;
  onAsk: (question: Question, order: Entry) => void;
}

export function Stop({ order, next = false, onAsk }: StopProps) {
  const Tag = next ? "article" : "li";
  const named = (what: string) =>
    `${what}: ${order.restaurant_name}, ${say("number", { number: String(order.number) })}`;
  const way = wayTo(order.location, order.restaurant_name, navigator.userAgent);
  return (
    <Tag class={next ? "card stop next" : "card stop"} aria-label={next ? say("next") : undefined}>
      {next && <h2 class="kicker">{say("next")}</h2>}
      <span class="place">
        <span class="unseen">{say("stop")} </span>
        {order.stop ?? "–"}
      </span>
      <Facts order={order} />
      <div class="actions">
        <button
          type="button"
          class={next ? "go" : ""}
          aria-label={named(say("handOver"))}
          onClick={() => onAsk("handOver", order)}
        >
          {say("handOver")}
        </button>
        <a
          class="button"
          href={way}
          aria-label={named(say("navigate"))}
          {...(way.startsWith("https:") ? { target: "_blank", rel: "noreferrer" } : {})}
        >
          {say("navigate")}
        </a>
        <button type="button" class="plain" aria-label={named(say("problem"))} onClick={() => onAsk("problem", order)}>
          {say("problem")}
        </button>
      </div>
    </Tag>
  );
}
