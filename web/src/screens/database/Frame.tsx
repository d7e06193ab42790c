/**
 * What every page about the database has: where the others are, of when it is, and what is not told.
 *
 * Invariant: what is not known is said above what is.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { components } from "../../generated/analytics";
import { Commands } from "../../ui/Commands";
import { useTitle } from "../../ui/hooks";
import { Heading } from "../../ui/pieces";
import { addressAt, fromLocalMinute, localMinute, momentOf } from "./moment";
import { PAGES, type PageName } from "./pages";
import { say } from "./texts";
import { moment } from "./write";
import "./database.css";

interface Props {
  page: PageName;
  /** Of when what is shown is. */
  asOf?: string | null | undefined;
  /** Whether another moment can be chosen. */
  dated?: boolean;
  again?: () => void;
  children: ComponentChildren;
}

export function Frame({ page, asOf, dated = true, again, children }: Props) {
  const { query, path, route } = useLocation();
  const at = momentOf(query);
  const pages = useRef<HTMLElement>(null);
  // Where there is no room for all, the one that is open is in sight.
  useEffect(() => pages.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }), [page]);
  useTitle(page === "overview" ? say("database") : say(page));
  const line = asOf == null ? say("loading") : say(at === null ? "asOf" : "asOfThen", { when: moment(asOf) });
  return (
    <section class="database">
      <Heading title={page === "alerts" ? say("alerts") : say("database")} line={line}>
        {dated && (
          <form class="moment" onSubmit={(event) => event.preventDefault()}>
            <label>
              {say("at")}
              <input
                type="datetime-local"
                value={at === null ? "" : localMinute(at)}
                onChange={({ currentTarget }) => route(addressAt(path, fromLocalMinute(currentTarget.value)))}
              />
            </label>
            {at === null ? (
              <button type="button" onClick={again}>
                {say("refresh")}
              </button>
            ) : (
              <a class="button" href={path}>
                {say("backToNow")}
              </a>
            )}
          </form>
        )}
      </Heading>
      <nav class="pages" ref={pages} aria-label={say("pages")}>
        {PAGES.map(({ path: to, name }) => (
          <a
            key={name}
            href={name === "alerts" ? to : addressAt(to, at)}
            aria-current={page === name ? "page" : undefined}
          >
            {say(name)}
          </a>
        ))}
      </nav>
      {children}
    </section>
  );
}

type Schemas = components["schemas"];

/** What nobody needs to have: its own page says that it is not there. */
const OPTIONAL = new Set(["pooler"]);

/** What is not told, each with what to do about it. */
export function Untold({ missing, silent = [] }: { missing: Schemas["Missing"][]; silent?: Schemas["Silent"][] }) {
  const lacking = missing.filter(({ what }) => !OPTIONAL.has(what));
  if (lacking.length + silent.length === 0) return null;
  return (
    <ul class="untold">
      {silent.map(({ process, instance, answered_at }) => (
        <li class="note" data-tone="bad" key={`${process} ${instance}`}>
          <p>
            {answered_at === null
              ? say("silentAll", { process })
              : say("silent", { process: `${process} ${instance ?? ""}`.trim(), when: moment(answered_at) })}{" "}
            {say("silentMend")}
          </p>
        </li>
      ))}
      {lacking.map(({ what, why, mend }) => (
        <li class="note" key={what}>
          <p>
            <Commands text={say("missing", { what, why, mend })} />
          </p>
        </li>
      ))}
    </ul>
  );
}
