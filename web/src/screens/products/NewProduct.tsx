/** A product that is not there yet. */
import { useLocation } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { TextField, useForm } from "../../ui/form";
import { useTitle } from "../../ui/hooks";
import { Heading, Trouble } from "../../ui/pieces";
import { ProductFields } from "./ProductFields";
import { say } from "./texts";
import { read } from "./words";

export default function NewProduct() {
  useTitle(say("add"));
  const { route } = useLocation();
  const form = useForm(async (fields) => {
    const product = { sku: String(fields.get("sku")).trim(), ...read(fields) };
    const { id } = await answer(api.POST("/api/catalog/products", { body: product }));
    route(`/products/${id}`);
  });
  return (
    <section class="narrow-page">
      <Heading title={say("add")}>
        <a class="button" href="/products">
          {say("back")}
        </a>
      </Heading>
      <form class="card fields" {...form.attributes}>
        <TextField
          form={form}
          name="sku"
          label={say("sku")}
          hint={say("skuHint")}
          maxLength={64}
          autocomplete="off"
          autofocus
        />
        <ProductFields form={form} product={null} />
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
