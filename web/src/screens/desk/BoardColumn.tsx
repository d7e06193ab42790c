/** The orders of one state, the one that has waited longest first. */
import { useId } from "preact/hooks";
import { locale } from "../../app";
import { ago } from "../../lib/time";
import type { Entry } from "../../orders";
import { statusName } from "../../status";
import type { Column } from "./columns";
import { Ticket, type TicketProps } from "./Ticket";
import { say } from "./texts";

interface Props extends Pick<TicketProps, "onSelect" | "onAct"> {
  column: Column;
  orders: readonly Entry[];
  /** How many of the column are not drawn. */
  rest: number;
  now: number;
  selected: ReadonlySet<string>;
  current: string | null;
  sending: ReadonlySet<unknown>;
  onSelectAll: () => void;
  onMore: () => void;
}

export function BoardColumn(props: Props) {
  const { column, orders, rest, now, selected, current, sending, onSelect, onSelectAll, onAct, onMore } = props;
  const id = useId();
  const all = orders.length > 0 && orders.every((order) => selected.has(order.id));
  const some = orders.some((order) => selected.has(order.id));
  return (
    <section class="column" aria-labelledby={id}>
      <header>
        <h2 id={id}>{statusName(column)}</h2>
        <span class="count">{orders.length + rest}</span>
        <input
          type="checkbox"
          aria-label={say("selectAll", { column: statusName(column) })}
          checked={all}
          indeterminate={some && !all}
          disabled={orders.length === 0}
          onChange={onSelectAll}
        />
      </header>
      {column === "pending" && orders.length > 0 && <p class="quiet hint">{say("pendingHint")}</p>}
      {orders.length === 0 && <p class="quiet none">{say("nothingHere")}</p>}
      <ol>
        {orders.map((order) => (
          <Ticket
            key={order.id}
            order={order}
            since={ago(Date.parse(order.updated_at), now, locale)}
            selected={selected.has(order.id)}
            current={order.id === current}
            sending={sending.has(order.id)}
            onSelect={onSelect}
            onAct={onAct}
          />
        ))}
      </ol>
      {rest > 0 && (
        <button type="button" class="plain" onClick={onMore}>
          {say("moreHere", { count: rest })}
        </button>
      )}
    </section>
  );
}
