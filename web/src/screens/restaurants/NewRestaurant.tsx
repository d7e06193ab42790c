/** A restaurant that is to order. */
import { useLocation } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { FieldsError, TextField, useForm } from "../../ui/form";
import { useTitle } from "../../ui/hooks";
import { Heading, Trouble } from "../../ui/pieces";
import { RestaurantFields } from "./RestaurantFields";
import { say } from "./texts";
import { read } from "./words";

export default function NewRestaurant() {
  useTitle(say("add"));
  const { route } = useLocation();
  const form = useForm(async (fields) => {
    const { active: _, ...restaurant } = read(fields);
    const number = String(fields.get("number")).trim();
    if (!/^[1-9]\d{0,9}$/.test(number)) throw new FieldsError(new Map([["number", say("numberWrong")]]));
    const body = { ...restaurant, number: Number(number) };
    const { id } = await answer(api.POST("/api/accounts/restaurants", { body }));
    route(`/restaurants/${id}`);
  });
  return (
    <section class="narrow-page">
      <Heading title={say("add")}>
        <a class="button" href="/restaurants">
          {say("back")}
        </a>
      </Heading>
      <form class="card fields" {...form.attributes}>
        <TextField
          form={form}
          name="number"
          label={say("number")}
          hint={say("numberHint")}
          inputMode="numeric"
          autocomplete="off"
          autofocus
        />
        <RestaurantFields form={form} restaurant={null} />
        <Trouble error={form.error} />
        <div class="actions whole">
          <button type="submit" class="go" disabled={form.busy}>
            {say("make")}
          </button>
        </div>
      </form>
    </section>
  );
}
