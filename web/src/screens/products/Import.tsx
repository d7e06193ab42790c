/**
 * Products from a file: first what it would do, line by line what is wrong, then the import itself. A file goes as its
 * bytes, for the server alone to read; what was looked at is what is imported.
 */
import { useState } from "preact/hooks";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { ChoiceField, FieldsError, TextField, useForm } from "../../ui/form";
import { useTitle } from "../../ui/hooks";
import { Heading, Trouble } from "../../ui/pieces";
import { ImportReport, type Report } from "./ImportReport";
import { say } from "./texts";
import "./products.css";

const LARGEST_BYTES = 16 * 1024 * 1024;

type Mode = Report["mode"];
interface Looked {
  file: File;
  report: Report;
}

function send(file: File, mode: Mode, dry_run: boolean) {
  return answer(
    api.POST("/api/catalog/imports", {
      params: { query: { mode, dry_run } },
      body: "",
      bodySerializer: () => file,
      headers: { "Content-Type": "text/csv" },
    }),
  ) as Promise<Report>;
}

/** The whole report, a row a line. */
async function reportFile(file: File, mode: Mode): Promise<Blob> {
  const { data } = await api.POST("/api/catalog/imports", {
    params: { query: { mode, dry_run: true } },
    body: "",
    bodySerializer: () => file,
    headers: { "Content-Type": "text/csv", Accept: "text/csv" },
    parseAs: "blob",
  });
  return data as Blob;
}

export default function Import() {
  useTitle(say("importTitle"));
  const [looked, setLooked] = useState<Looked | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const form = useForm(async (fields) => {
    setLooked(null);
    setError(null);
    const file = fields.get("body");
    if (!(file instanceof File) || file.name === "") throw wrong(say("fileMissing"));
    if (file.size > LARGEST_BYTES) throw wrong(say("fileLarge"));
    await look(file, fields.get("mode") as Mode, true);
  });

  async function look(file: File, mode: Mode, dry_run: boolean): Promise<void> {
    setLooked({ file, report: await send(file, mode, dry_run) });
  }

  async function attempt(what: () => Promise<void>): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await what();
    } catch (thrown) {
      setError(thrown as Error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section class="narrow-page import">
      <Heading title={say("importTitle")} line={say("importLine")}>
        <a class="button" href="/products">
          {say("back")}
        </a>
      </Heading>
      <form class="card fields" {...form.attributes} onChange={() => setLooked(null)}>
        <p class="whole quiet">
          {say("columns")} {say("stockNote")}
        </p>
        <TextField form={form} name="body" label={say("file")} type="file" accept=".csv,text/csv" />
        <ChoiceField
          form={form}
          name="mode"
          label={say("mode")}
          options={[
            ["all", say("modeAll")],
            ["good", say("modeGood")],
          ]}
        />
        <Trouble error={form.error} />
        <div class="actions whole">
          <button type="submit" class={looked === null ? "go" : ""} disabled={form.busy || busy}>
            {say(form.busy ? "looking" : "look")}
          </button>
        </div>
      </form>
      {looked !== null && (
        <ImportReport
          report={looked.report}
          busy={busy}
          error={error}
          onImport={() => attempt(() => look(looked.file, looked.report.mode, false))}
          onFile={() => attempt(async () => download(await reportFile(looked.file, looked.report.mode)))}
        />
      )}
    </section>
  );
}

function download(file: Blob): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = "import-report.csv";
  link.click();
  URL.revokeObjectURL(address);
}

function wrong(text: string): FieldsError {
  return new FieldsError(new Map([["body", text]]), text);
}
