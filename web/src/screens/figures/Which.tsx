/** Which time, of which zone, cut into what, and whose: the controls over the figures. */
import { api, clock } from "../../app";
import { answer } from "../../lib/api";
import { dayIn } from "../../lib/time";
import { useAnswer } from "../../ui/answer";
import { type Asked, daysIn, GRAINS, grainsFor, moved, PRESETS, usualGrain } from "./period";
import { say } from "./texts";

interface Props {
  asked: Asked;
  /** The business's. */
  zone: string;
  change: (news: Partial<Asked>) => void;
}

const RANGE = "range";

export function Which({ asked, zone, change }: Props) {
  function choose(value: string): void {
    if (value === RANGE) {
      const today = dayIn(asked.zone ?? zone, clock.now());
      change({ days: null, from: moved(today, 1 - daysIn(asked)), to: today });
    } else {
      const days = Number(value);
      change({ days, from: null, to: null, by: usualGrain(days) });
    }
  }

  return (
    <form class="which" onSubmit={(event) => event.preventDefault()}>
      <label>
        {say("period")}
        <select value={asked.days ?? RANGE} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {PRESETS.map((days) => (
            <option key={days} value={days}>
              {say(`days${days}`)}
            </option>
          ))}
          {asked.days !== null && !PRESETS.some((days) => days === asked.days) && (
            <option value={asked.days}>{say("daysOther", { count: asked.days })}</option>
          )}
          <option value={RANGE}>{say("between")}</option>
        </select>
      </label>
      <Dates asked={asked} change={change} />
      <label>
        {say("by")}
        <select
          value={asked.by}
          onChange={({ currentTarget }) =>
            change({ by: GRAINS.find((grain) => grain === currentTarget.value) ?? "day" })
          }
        >
          {grainsFor(daysIn(asked)).map((grain) => (
            <option key={grain} value={grain}>
              {say(grain)}
            </option>
          ))}
        </select>
      </label>
      <Zone asked={asked} zone={zone} change={change} />
    </form>
  );
}

/** Two dates, both counted. The other one goes along when they would cross. */
function Dates({ asked: { from, to }, change }: Pick<Props, "asked" | "change">) {
  if (from === null || to === null) return null;
  return (
    <>
      <label>
        {say("from")}
        <input
          type="date"
          required
          value={from}
          onChange={({ currentTarget: { value } }) => value && change({ from: value, to: value > to ? value : to })}
        />
      </label>
      <label>
        {say("to")}
        <input
          type="date"
          required
          value={to}
          onChange={({ currentTarget: { value } }) => value && change({ to: value, from: value < from ? value : from })}
        />
      </label>
    </>
  );
}

function Zone({ asked, zone, change }: Props) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const others = Intl.supportedValuesOf("timeZone").filter((name) => name !== zone && name !== own);
  return (
    <label>
      {say("zone")}
      <select
        value={asked.zone ?? ""}
        onChange={({ currentTarget }) => change({ zone: currentTarget.value === "" ? null : currentTarget.value })}
      >
        <option value="">{say("zoneOfBusiness", { zone })}</option>
        {own !== zone && <option value={own}>{say("zoneOfReader", { zone: own })}</option>}
        <optgroup label={say("allZones")}>
          {asked.zone !== null && asked.zone !== own && !others.includes(asked.zone) && <option>{asked.zone}</option>}
          {others.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </optgroup>
      </select>
    </label>
  );
}

/** That the figures are of one restaurant alone, and the way back to all. */
export function OnlyOf({ id, change }: { id: string; change: Props["change"] }) {
  const found = useAnswer(
    () => answer(api.GET("/api/accounts/restaurants/{restaurant_id}", { params: { path: { restaurant_id: id } } })),
    id,
  );
  const { value, error } = found;
  return (
    <div class="note">
      <p>{error?.message ?? (value === null ? "\u00a0" : say("onlyOf", { name: value.name }))}</p>
      <button type="button" onClick={() => change({ restaurant: null })}>
        {say("ofAll")}
      </button>
    </div>
  );
}
