/** One restaurant: what can be changed of it, and its account. */

import { useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { Outcome } from "../../ui/Changes";
import { Tick } from "../../ui/form";
import { useTitle } from "../../ui/hooks";
import { Heading, Skeletons, Trouble } from "../../ui/pieces";
import { type Source, useEditor } from "../../ui/useEditor";
import { Account } from "./Account";
import { RestaurantFields } from "./RestaurantFields";
import { FIELDS, type Restaurant as Whole } from "./restaurant";
import { say } from "./texts";
import { read, WORDS } from "./words";

function sourceOf(restaurant_id: string): Source<Whole> {
  const params = { path: { restaurant_id } };
  return {
    load: () => answer(api.GET("/api/accounts/restaurants/{restaurant_id}", { params })),
    read,
    save: (changes, expected_version) =>
      answer(
        api.PATCH("/api/accounts/restaurants/{restaurant_id}", { params, body: { ...changes, expected_version } }),
      ),
    fields: FIELDS,
  };
}

export default function Restaurant() {
  const id = useRoute().params.id ?? "";
  return <Opened key={id} id={id} />;
}

function Opened({ id }: { id: string }) {
  const [source] = useState(() => sourceOf(id));
  const editor = useEditor(source);
  const { thing, loadError, form } = editor;
  useTitle(thing?.name ?? say("restaurants"));
  return (
    <section class="narrow-page">
      <Heading
        title={thing?.name ?? say("restaurants")}
        line={thing === null ? "" : say("numberOf", { number: String(thing.number) })}
      >
        <a class="button" href="/restaurants">
          {say("back")}
        </a>
      </Heading>
      <Trouble error={loadError} />
      {thing === null && loadError === null && <Skeletons count={4} label={say("loading")} />}
      {thing !== null && (
        <form class="card fields" key={editor.epoch} {...form.attributes}>
          <RestaurantFields form={form} restaurant={thing} />
          <Tick name="active" label={say("active")} defaultChecked={thing.active} />
          <p class="quiet hint whole">{say("warning")}</p>
          <Trouble error={form.error} />
          <Outcome editor={editor} words={WORDS} />
          <div class="actions whole">
            <button type="submit" class="go" disabled={form.busy}>
              {say("save")}
            </button>
          </div>
        </form>
      )}
      {thing !== null && <Account restaurant={thing} />}
    </section>
  );
}
