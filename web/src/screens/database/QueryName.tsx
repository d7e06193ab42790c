import { Breakable } from "../../ui/Breakable";
import { say } from "./texts";

/** A query by the name that it has in the code, and where that stands; one that is not ours by its text. */
export function QueryName({ query }: { query: { name: string | null; place: string | null; text: string | null } }) {
  if (query.name !== null)
    return (
      <>
        <Breakable name={query.name} />
        {query.place !== null && (
          <code class="place">
            <Breakable name={query.place} />
          </code>
        )}
      </>
    );
  return (
    <>
      <code class="foreign">{query.text ?? "–"}</code>
      <span class="quiet place">{say("foreign")}</span>
    </>
  );
}
