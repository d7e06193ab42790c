/**
 * Orders under way, a column for each state: seen at a glance, moved one by one or many at once, by hand or by keyboard.
 * A narrow screen shows one column at a time.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clock, outbox } from "../../app";
import type { Entry } from "../../orders";
import { statusName } from "../../status";
import { useMedia, useNow, useStore } from "../../ui/hooks";
import { More } from "../../ui/More";
import type { Orders } from "../../ui/useOrders";
import { Acts } from "./Acts";
import { BoardColumn } from "./BoardColumn";
import { COLUMNS, type Column, columnsOf } from "./columns";
import { Keys } from "./Keys";
import { type Command, commandOf } from "./keys";
import { type Act, nextOf } from "./steps";
import { say } from "./texts";
import { useActs } from "./useActs";
import { orderOf, useRoving } from "./useRoving";

/** Orders loaded without being asked for: more than anybody has under way on a day. */
const LOADED = 1000;
/** Orders drawn of a column at first, and with each press. */
const DRAWN = 40;
const TICK_MS = 30_000;
const NARROW = "(width < 62rem)";

export function Board({ orders, find }: { orders: Orders; find: () => void }) {
  const { items, more, busy, missed } = orders;
  const byItself = missed === null && items.length < LOADED;
  useEffect(() => {
    if (more && !busy && byItself) orders.loadMore();
  }, [more, busy, byItself]);
  const narrow = useMedia(NARROW);
  const now = useNow(clock, TICK_MS);
  const sending = useSending();
  const columns = useMemo(() => columnsOf(items), [items]);
  const [only, setOnly] = useState<Column>("confirmed");
  const [drawn, setDrawn] = useState<Partial<Record<Column, number>>>({});
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [helping, setHelping] = useState(false);
  const shown = (narrow ? [only] : COLUMNS).map((column) => ({
    column,
    orders: columns[column].slice(0, drawn[column] ?? DRAWN),
    all: columns[column].length,
  }));
  const roving = useRoving(shown.map(({ orders }) => orders.map(({ id }) => id)));
  const chosen = items.filter(({ id }) => selected.has(id));
  const acts = useActs(() => {
    setSelected(new Set());
    roving.hold();
  });
  const run = useRef(acts.run);
  run.current = acts.run;

  const onSelect = useCallback((id: string) => setSelected((before) => toggled(before, [id], !before.has(id))), []);
  const onAct = useCallback((act: Act, order: Entry) => run.current(act, [order]), []);

  function selectAll(those: readonly Entry[]): void {
    const ids = those.map(({ id }) => id);
    setSelected((before) => toggled(before, ids, !ids.every((id) => before.has(id))));
  }

  function obey(command: Command, id: string): void {
    const there = chosen.length > 0 ? chosen : items.filter((order) => order.id === id);
    const column = shown.find(({ orders }) => orders.some((order) => order.id === id))?.orders ?? [];
    if (command === "select") onSelect(id);
    else if (command === "column") selectAll(column);
    else if (command === "clear") setSelected(new Set());
    else if (command === "next") goOn(there);
    else if (command === "driver") acts.run("assign", there);
    else if (command === "refuse")
      acts.run(there.some(({ status }) => status === "pending") ? "reject" : "cancel", there);
    else if (command === "find") find();
    else if (command === "help") setHelping(true);
    else roving.go(id, command);
  }

  /** Each its own next step. A driver is asked for when all of them wait for one. */
  function goOn(those: readonly Entry[]): void {
    const steps = new Set(those.map(nextOf));
    for (const act of steps) {
      if (act !== undefined && (act !== "assign" || steps.size === 1)) acts.run(act, those);
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    const id = orderOf(event.target);
    const command = id === null ? null : commandOf(event, event.target instanceof HTMLAnchorElement);
    if (id === null || command === null) return;
    event.preventDefault();
    roving.byKey();
    obey(command, id);
  }

  return (
    <>
      {narrow && <States columns={columns} at={only} onChoose={setOnly} />}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys and focus of the links inside, which bubble up */}
      <div class="board" {...roving.attributes} onKeyDown={onKeyDown}>
        {shown.map(({ column, orders, all }) => (
          <BoardColumn
            key={column}
            column={column}
            orders={orders}
            rest={all - orders.length}
            now={now}
            selected={selected}
            current={roving.current}
            sending={sending}
            onSelect={onSelect}
            onSelectAll={() => selectAll(orders)}
            onAct={onAct}
            onMore={() => setDrawn({ ...drawn, [column]: orders.length + DRAWN })}
          />
        ))}
      </div>
      {items.length === 0 && <p class="empty quiet">{say("allDone")}</p>}
      {!byItself && <More list={orders} onMore={orders.loadMore} />}
      {chosen.length > 0 && <Acts orders={chosen} onRun={acts.run} onClear={() => setSelected(new Set())} />}
      <p class="help">
        <button type="button" class="plain" onClick={() => setHelping(true)}>
          {say("keys")} <kbd>?</kbd>
        </button>
      </p>
      {helping && <Keys onClose={() => setHelping(false)} />}
      {acts.dialog}
    </>
  );
}

function toggled(before: ReadonlySet<string>, ids: readonly string[], wanted: boolean): ReadonlySet<string> {
  const after = new Set(before);
  for (const id of ids) {
    if (wanted) after.add(id);
    else after.delete(id);
  }
  return after;
}

/** The orders that something is on its way for. */
function useSending(): ReadonlySet<unknown> {
  const actions = useStore(outbox.actions);
  return useMemo(
    () => new Set(actions.filter(({ refusal }) => refusal === null).map(({ about }) => about.order)),
    [actions],
  );
}

function States({
  columns,
  at,
  onChoose,
}: {
  columns: ReturnType<typeof columnsOf>;
  at: Column;
  onChoose: (column: Column) => void;
}) {
  return (
    <fieldset class="board-states">
      <legend class="unseen">{say("state")}</legend>
      {COLUMNS.map((column) => (
        <button type="button" key={column} aria-pressed={column === at} onClick={() => onChoose(column)}>
          {statusName(column)} <span class="count">{columns[column].length}</span>
        </button>
      ))}
    </fieldset>
  );
}
