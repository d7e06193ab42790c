/** One product: what can be changed of it, and who changed what. */

import { useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { Outcome } from "../../ui/Changes";
import { useTitle } from "../../ui/hooks";
import { inOneLine } from "../../ui/names";
import { Heading, Skeletons, Trouble } from "../../ui/pieces";
import { type Editor, type Source, useEditor } from "../../ui/useEditor";
import { History } from "./History";
import { ProductFields } from "./ProductFields";
import { FIELDS, type Product as Whole } from "./product";
import { say } from "./texts";
import { read, WORDS } from "./words";
import "./products.css";

function sourceOf(product_id: string): Source<Whole> {
  const params = { path: { product_id } };
  return {
    load: () =>
      answer(api.GET("/api/catalog/admin/products/{product_id}", { params, headers: { "Cache-Control": "no-cache" } })),
    read,
    save: (changes, expected_version) =>
      answer(
        api.PATCH("/api/catalog/products/{product_id}", { params, body: { ...changes, expected_version } }),
      ) as Promise<Whole>,
    fields: FIELDS,
  };
}

export default function Product() {
  const id = useRoute().params.id ?? "";
  return <Opened key={id} id={id} />;
}

function Opened({ id }: { id: string }) {
  const [source] = useState(() => sourceOf(id));
  const editor = useEditor(source);
  const { thing, loadError } = editor;
  const title = thing === null ? say("products") : inOneLine(thing.name);
  useTitle(title);
  return (
    <section class="narrow-page">
      <Heading title={title} line={thing === null ? "" : `${say("sku")} ${thing.sku}`}>
        <a class="button" href="/products">
          {say("back")}
        </a>
      </Heading>
      <Trouble error={loadError} />
      {thing === null && loadError === null && <Skeletons count={4} label={say("loading")} />}
      {thing !== null && <Change key={editor.epoch} editor={editor} product={thing} />}
      {thing !== null && <History product={thing} />}
    </section>
  );
}

function Change({ editor, product }: { editor: Editor<Whole>; product: Whole }) {
  const { form } = editor;
  return (
    <form class="card fields" {...form.attributes}>
      <ProductFields form={form} product={product} />
      <Trouble error={form.error} />
      <Outcome editor={editor} words={WORDS} />
      <div class="actions whole">
        <button type="submit" class="go" disabled={form.busy}>
          {say("save")}
        </button>
      </div>
    </form>
  );
}
