/** The fields of a person, for a new one and for one that is changed. What belongs to a role comes with it. */
import { useState } from "preact/hooks";
import { ChoiceField, type Form, TextField } from "../../ui/form";
import type { Restaurant } from "../../ui/useRestaurants";
import { type Person, ROLES, type Role } from "./person";
import { say } from "./texts";

interface Props {
  form: Form;
  person: Person | null;
  restaurants: readonly Restaurant[];
}

export function PersonFields({ form, person, restaurants }: Props) {
  const [role, setRole] = useState<Role>(person?.role ?? "driver");
  return (
    <>
      <TextField
        form={form}
        name="name"
        label={say("name")}
        defaultValue={person?.name ?? ""}
        maxLength={200}
        autocomplete="off"
      />
      <ChoiceField
        form={form}
        name="role"
        label={say("role")}
        chosen={role}
        options={ROLES.map((each) => [each, say(each)])}
        onChoose={(value) => setRole(value as Role)}
      />
      {role === "driver" && (
        <TextField
          form={form}
          name="zone"
          label={say("zone")}
          hint={say("zoneHint")}
          defaultValue={person?.zone?.toString() ?? ""}
          inputMode="numeric"
          autocomplete="off"
        />
      )}
      {role === "restaurant" && (
        <ChoiceField
          key={restaurants.length}
          form={form}
          name="restaurant_id"
          label={say("restaurant_id")}
          chosen={person?.restaurant_id ?? ""}
          options={[
            ["", say("chooseRestaurant")],
            ...restaurants.map(({ id, name, number }) => [id, `${name} (${number})`] as const),
          ]}
        />
      )}
    </>
  );
}
