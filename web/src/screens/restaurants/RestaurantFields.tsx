/** The fields of a restaurant, for a new one and for one that is changed. */
import { locale } from "../../app";
import { plain } from "../../lib/money";
import { type Form, TextField } from "../../ui/form";
import type { Restaurant } from "./restaurant";
import { say } from "./texts";

export function RestaurantFields({ form, restaurant }: { form: Form; restaurant: Restaurant | null }) {
  return (
    <>
      <TextField
        form={form}
        name="name"
        label={say("name")}
        defaultValue={restaurant?.name ?? ""}
        maxLength={200}
        autocomplete="off"
      />
      <TextField
        form={form}
        name="address"
        label={say("address")}
        defaultValue={restaurant?.address ?? ""}
        maxLength={500}
        autocomplete="off"
      />
      <TextField
        form={form}
        name="location.lat"
        label={say("lat")}
        hint={say("degreesHint")}
        defaultValue={restaurant?.location.lat.toString() ?? ""}
        inputMode="decimal"
        autocomplete="off"
      />
      <TextField
        form={form}
        name="location.lon"
        label={say("lon")}
        defaultValue={restaurant?.location.lon.toString() ?? ""}
        inputMode="decimal"
        autocomplete="off"
      />
      <TextField
        form={form}
        name="zone"
        label={say("zone")}
        hint={say("zoneHint")}
        defaultValue={restaurant?.zone.toString() ?? ""}
        inputMode="numeric"
        autocomplete="off"
      />
      <TextField
        form={form}
        name="credit_limit_cents"
        label={say("credit_limit_cents")}
        hint={say("creditHint")}
        defaultValue={restaurant === null ? "" : plain(restaurant.credit_limit_cents, locale)}
        inputMode="decimal"
        autocomplete="off"
      />
    </>
  );
}
