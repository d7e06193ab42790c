/** One person: name, role and what belongs to it, and whether they may sign in. */

import { useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { Outcome } from "../../ui/Changes";
import { Tick } from "../../ui/form";
import { useTitle } from "../../ui/hooks";
import { Heading, Skeletons, Trouble } from "../../ui/pieces";
import { type Source, useEditor } from "../../ui/useEditor";
import { useRestaurants } from "../../ui/useRestaurants";
import { PersonFields } from "./PersonFields";
import { FIELDS, type Person as Whole } from "./person";
import { say } from "./texts";
import { read, wordsOf } from "./words";

function sourceOf(person_id: string): Source<Whole> {
  const params = { path: { person_id } };
  return {
    load: () => answer(api.GET("/api/accounts/people/{person_id}", { params })),
    read,
    save: (changes, expected_version) =>
      answer(api.PATCH("/api/accounts/people/{person_id}", { params, body: { ...changes, expected_version } })),
    fields: FIELDS,
  };
}

export default function Person() {
  const id = useRoute().params.id ?? "";
  return <Opened key={id} id={id} />;
}

function Opened({ id }: { id: string }) {
  const [source] = useState(() => sourceOf(id));
  const editor = useEditor(source);
  const restaurants = useRestaurants();
  const { thing, loadError, form } = editor;
  useTitle(thing?.name ?? say("people"));
  return (
    <section class="narrow-page">
      <Heading title={thing?.name ?? say("people")} line={thing?.email ?? ""}>
        <a class="button" href="/people">
          {say("back")}
        </a>
      </Heading>
      <Trouble error={loadError ?? restaurants.error} />
      {thing === null && loadError === null && <Skeletons count={3} label={say("loading")} />}
      {thing !== null && (
        <form class="card fields" key={editor.epoch} {...form.attributes}>
          <PersonFields form={form} person={thing} restaurants={restaurants.items} />
          <Tick name="active" label={say("active")} defaultChecked={thing.active} />
          <p class="quiet hint whole">{say("warning")}</p>
          <Trouble error={form.error} />
          <Outcome editor={editor} words={wordsOf(new Map(restaurants.items.map(({ id, name }) => [id, name])))} />
          <div class="actions whole">
            <button type="submit" class="go" disabled={form.busy}>
              {say("save")}
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
