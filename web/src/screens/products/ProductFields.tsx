/** The fields of a product, for a new one and for one that is changed. */
import { locale } from "../../app";
import { plain } from "../../lib/money";
import { type Form, TextField, Tick } from "../../ui/form";
import { useCategories } from "./categories";
import type { Product } from "./product";
import { say } from "./texts";

export function ProductFields({ form, product }: { form: Form; product: Product | null }) {
  const categories = useCategories();
  return (
    <>
      <TextField
        form={form}
        name="name"
        label={say("name")}
        defaultValue={product?.name ?? ""}
        maxLength={200}
        autocomplete="off"
      />
      <TextField
        form={form}
        name="category"
        label={say("category")}
        hint={categories.error === null ? undefined : say("noCategories")}
        defaultValue={product?.category ?? ""}
        maxLength={100}
        list="categories"
        autocomplete="off"
      />
      <datalist id="categories">
        {categories.names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <TextField
        form={form}
        name="unit"
        label={say("unit")}
        hint={say("unitHint")}
        defaultValue={product?.unit ?? ""}
        maxLength={40}
        autocomplete="off"
      />
      <TextField
        form={form}
        name="price_cents"
        label={say("price_cents")}
        hint={say("priceHint")}
        defaultValue={product === null ? "" : plain(product.price_cents, locale)}
        inputMode="decimal"
        autocomplete="off"
      />
      <TextField
        form={form}
        name="stock"
        label={say("stock")}
        hint={say("stockHint")}
        defaultValue={product?.stock?.toString() ?? ""}
        inputMode="numeric"
        autocomplete="off"
      />
      <Tick name="active" label={say("sell")} defaultChecked={product?.active ?? true} />
    </>
  );
}
