/** What is asked at the door: who takes the goods, and their signature or a photo. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { components } from "../../generated/orders";
import { Trouble } from "../pieces";
import { Pad } from "./Pad";
import { encoded, shrunk, textOf } from "./picture";
import { isWritten, type Stroke } from "./signature";
import { say } from "./texts";
import "./proof.css";

export type Proof = components["schemas"]["PutProof"];
type Kind = Proof["kind"];

interface ProofFormProps {
  /** Keeps it. What goes wrong there is told here, and nothing is lost. */
  onProof: (proof: Proof) => Promise<void>;
  /** The buttons. */
  children: ComponentChildren;
}

export function ProofForm({ onProof, children }: ProofFormProps) {
  const [kind, setKind] = useState<Kind>("signature");
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const [photo, setPhoto] = useState<Blob | null>(null);
  const [trouble, setTrouble] = useState("");
  const canvas = useRef<HTMLCanvasElement>(null);

  /** The image that was made; otherwise what to do, in words. */
  async function image(): Promise<Blob | string> {
    if (kind === "photo") return photo ?? say("noPhoto");
    if (!isWritten(strokes) || canvas.current === null) return say("noSignature");
    return encoded(canvas.current, "image/png");
  }

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name")).trim();
    if (name === "") return setTrouble(say("noName"));
    const made = await image();
    if (typeof made === "string") return setTrouble(made);
    try {
      await onProof({ kind, name, image: await textOf(made) });
    } catch {
      setTrouble(say("noRoom"));
    }
  }

  async function choose(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    setTrouble("");
    try {
      setPhoto(await shrunk(file));
    } catch {
      setTrouble(say("unreadable"));
    }
  }

  return (
    <form class="proof-form" onSubmit={submit}>
      <label>
        {say("name")}
        <input name="name" maxLength={100} autocomplete="off" required autofocus />
      </label>
      <fieldset class="kinds">
        <legend>{say("how")}</legend>
        {(["signature", "photo"] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
            {say(each)}
          </label>
        ))}
      </fieldset>
      {kind === "signature" ? (
        <Pad strokes={strokes} onStrokes={setStrokes} canvas={canvas} />
      ) : (
        <Camera photo={photo} onFile={choose} />
      )}
      <Trouble error={trouble} />
      <div class="actions">{children}</div>
    </form>
  );
}

function Camera({ photo, onFile }: { photo: Blob | null; onFile: (file: File | undefined) => void }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    if (photo === null) return;
    const made = URL.createObjectURL(photo);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [photo]);
  return (
    <div class="camera">
      {photo !== null && address !== "" && <img src={address} alt={say("taken")} />}
      <label class="button">
        {say(photo === null ? "take" : "another")}
        <input
          class="unseen"
          type="file"
          accept="image/*"
          capture="environment"
          onChange={(event) => onFile(event.currentTarget.files?.[0])}
        />
      </label>
    </div>
  );
}
