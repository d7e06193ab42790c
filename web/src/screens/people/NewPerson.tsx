/** Somebody who is to sign in, with the password that they begin with. */
import { useLocation } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { TextField, useForm } from "../../ui/form";
import { useTitle } from "../../ui/hooks";
import { Heading, Trouble } from "../../ui/pieces";
import { useRestaurants } from "../../ui/useRestaurants";
import { PersonFields } from "./PersonFields";
import { say } from "./texts";
import { read } from "./words";

export default function NewPerson() {
  useTitle(say("add"));
  const { route } = useLocation();
  const restaurants = useRestaurants();
  const form = useForm(async (fields) => {
    const { active: _, ...person } = read(fields);
    const email = String(fields.get("email")).trim();
    const password = String(fields.get("password"));
    const { id } = await answer(api.POST("/api/accounts/people", { body: { ...person, email, password } }));
    route(`/people/${id}`);
  });
  return (
    <section class="narrow-page">
      <Heading title={say("add")}>
        <a class="button" href="/people">
          {say("back")}
        </a>
      </Heading>
      <form class="card fields" {...form.attributes}>
        <PersonFields form={form} person={null} restaurants={restaurants.items} />
        <TextField
          form={form}
          name="email"
          label={say("email")}
          hint={say("emailHint")}
          type="email"
          maxLength={254}
          autocomplete="off"
        />
        <TextField
          form={form}
          name="password"
          label={say("password")}
          hint={say("passwordHint")}
          type="password"
          maxLength={200}
          autocomplete="new-password"
        />
        <Trouble error={form.error ?? restaurants.error} />
        <div class="actions whole">
          <button type="submit" class="go" disabled={form.busy}>
            {say("make")}
          </button>
        </div>
      </form>
    </section>
  );
}
