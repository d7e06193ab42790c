import { useLocation } from "preact-iso";
import { addressAt, momentOf } from "./moment";
import { say } from "./texts";

/** How long a time is looked at. */
export function Span({ hours, spans }: { hours: number; spans: readonly (1 | 6 | 24 | 168)[] }) {
  const { path, query, route } = useLocation();
  const at = momentOf(query);
  return (
    <label class="span">
      {say("span")}
      <select value={hours} onChange={({ currentTarget }) => route(addressAt(path, at, Number(currentTarget.value)))}>
        {spans.map((each) => (
          <option key={each} value={each}>
            {say(`hours${each}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
