/** An order on the board. Drawn again only when something of it changed: there may be hundreds. */
import { Component } from "preact";
import { locale } from "../../app";
import { money } from "../../lib/money";
import type { Entry } from "../../orders";
import { Pill } from "../../ui/pieces";
import { type Act, nextOf } from "./steps";
import { say } from "./texts";
import { ACT_WORDS } from "./words";

export interface TicketProps {
  order: Entry;
  /** How long it has been in its state, in words. */
  since: string;
  selected: boolean;
  /** Whether Tab leads here: to one order of the board alone, the arrow keys to the others. */
  current: boolean;
  sending: boolean;
  onSelect: (id: string) => void;
  onAct: (act: Act, order: Entry) => void;
}

export class Ticket extends Component<TicketProps> {
  override shouldComponentUpdate(next: TicketProps): boolean {
    return (Object.keys(next) as (keyof TicketProps)[]).some((name) => next[name] !== this.props[name]);
  }

  override render({ order, since, selected, current, sending, onSelect, onAct }: TicketProps) {
    const number = String(order.number);
    const next = nextOf(order);
    const tabIndex = current ? 0 : -1;
    return (
      <li class="card ticket" data-order={order.id} data-selected={selected || undefined}>
        <input
          type="checkbox"
          tabIndex={tabIndex}
          checked={selected}
          aria-label={say("select", { number })}
          onChange={() => onSelect(order.id)}
        />
        <a href={`/orders/${order.id}`} tabIndex={tabIndex}>
          {say("number", { number })}
        </a>
        <span class="quiet since">{since}</span>
        <p class="name">{order.restaurant_name}</p>
        <p class="quiet">
          {say("lines", { count: order.lines })} · {money(order.total_cents, locale)}
        </p>
        <p class="quiet">{order.driver_name ?? say("zone", { zone: String(order.zone) })}</p>
        {sending ? (
          <Pill tone="warm">{say("sending")}</Pill>
        ) : (
          next !== undefined && (
            <button
              type="button"
              tabIndex={tabIndex}
              aria-label={say("toOne", {
                act: say(ACT_WORDS[next]),
                order: say("number", { number }),
                restaurant: order.restaurant_name,
              })}
              onClick={() => onAct(next, order)}
            >
              {say(ACT_WORDS[next])}
            </button>
          )
        )}
      </li>
    );
  }
}
