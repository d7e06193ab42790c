/** Everybody who may sign in, or might once: found by name, address and role. The newest first. */

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { Pages } from "../../lib/pages";
import { useStore, useTitle } from "../../ui/hooks";
import { More } from "../../ui/More";
import { Heading, Pill, Skeletons, Trouble } from "../../ui/pieces";
import { SearchField } from "../../ui/SearchField";
import { type Person, ROLES, type Role } from "./person";
import { say } from "./texts";

interface Question {
  q: string;
  role: string;
}

const PAGE = 50;

function page({ q, role }: Question, cursor: string | null) {
  return answer(
    api.GET("/api/accounts/people", {
      params: {
        query: {
          limit: PAGE,
          ...(q && { q }),
          ...(role && { role: role as Role }),
          ...(cursor === null ? {} : { cursor }),
        },
      },
    }),
  );
}

export default function People() {
  useTitle(say("people"));
  const { path, query, route } = useLocation();
  const [q, role] = [query.q ?? "", ROLES.find((each) => each === query.role) ?? ""];
  const [pages] = useState(() => new Pages<Question, Person>(page));
  const { items, more, busy, error } = useStore(pages.state);
  useEffect(() => {
    pages.ask({ q, role });
  }, [q, role]);

  function look(change: Partial<Question>): void {
    const wanted = Object.entries({ q, role, ...change }).filter(([, value]) => value !== "");
    route(wanted.length === 0 ? path : `${path}?${new URLSearchParams(wanted)}`, true);
  }

  return (
    <section>
      <Heading title={say("people")} line={say("line")}>
        <a class="button go" href="/people/new">
          {say("add")}
        </a>
      </Heading>
      <search class="filters">
        <SearchField label={say("find")} value={q} onSearch={(found) => look({ q: found })} />
        <select
          class="narrow"
          aria-label={say("role")}
          value={role}
          onChange={({ currentTarget }) => look({ role: currentTarget.value })}
        >
          <option value="">{say("everyRole")}</option>
          {ROLES.map((each) => (
            <option key={each} value={each}>
              {say(each)}
            </option>
          ))}
        </select>
      </search>
      <Trouble error={error} />
      {items === null && error === null && <Skeletons count={6} label={say("loading")} />}
      {items?.length === 0 && (
        <div class="empty">
          <p>{say("none")}</p>
          <p class="quiet">{say("noneHint")}</p>
        </div>
      )}
      {items !== null && items.length > 0 && (
        <ul class="rows" aria-busy={busy}>
          {items.map((person) => (
            <Row key={person.id} person={person} />
          ))}
        </ul>
      )}
      <More list={{ more, busy }} onMore={() => pages.more()} />
    </section>
  );
}

function Row({ person: { id, name, email, role, zone, active } }: { person: Person }) {
  return (
    <li>
      <a class="row" href={`/people/${id}`}>
        <span class="what">
          <b>{name}</b>
          <span class="quiet">{email}</span>
        </span>
        <span class="much">
          {active ? <span>{say(role)}</span> : <Pill>{say("inactive")}</Pill>}
          {zone !== null && (
            <>
              <br />
              <span class="quiet">{say("zoneOf", { zone: String(zone) })}</span>
            </>
          )}
        </span>
      </a>
    </li>
  );
}
