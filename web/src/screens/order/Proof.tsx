/** The proof of a delivered order; its driver may add it later, where it could not be made at the door. */

import { useEffect, useState } from "preact/hooks";
import { clock, locale, outbox, session } from "../../app";
import { prove } from "../../deeds";
import { when } from "../../lib/time";
import type { Order } from "../../orders";
import { type OpenProof, openProof } from "../../proofs";
import { Dialog } from "../../ui/Dialog";
import { useStore } from "../../ui/hooks";
import { part } from "../../ui/part";
import { Trouble } from "../../ui/pieces";
import { say } from "./texts";

const ProofForm = part(async () => (await import("../../ui/proof/ProofForm")).ProofForm);

export function Proof({ order }: { order: Order }) {
  const [opened, setOpened] = useState<OpenProof | null>(null);
  useEffect(() => {
    const proof = openProof(order.id);
    setOpened(proof);
    return () => proof.stop();
  }, [order.id]);
  return (
    <section class="card proof">
      <h2>{say("proof")}</h2>
      {opened !== null && <Opened opened={opened} order={order} />}
    </section>
  );
}

function Opened({ opened, order }: { opened: OpenProof; order: Order }) {
  const { proof, image, error } = useStore(opened.state);
  const kept = useStore(outbox.actions).some(
    ({ kind, about, refusal }) => kind === "prove" && about.order === order.id && refusal === null,
  );
  const own = useStore(session.person)?.id === order.driver_id;
  if (proof) {
    return (
      <>
        {image !== null && <img src={image} alt={say(proof.kind, { name: proof.name })} />}
        <p>
          {say("takenBy", { name: proof.name })}
          <span class="quiet"> · {when(proof.at, clock.now(), locale)}</span>
        </p>
      </>
    );
  }
  if (kept) return <p class="quiet">{say("proofKept")}</p>;
  return (
    <>
      <Trouble error={error} />
      {proof === null && <p class="quiet">{say(own ? "noProofOfYours" : "noProof")}</p>}
      {proof === null && own && <Add order={order} />}
    </>
  );
}

function Add({ order }: { order: Order }) {
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  return (
    <div class="actions">
      <button type="button" onClick={() => setAsking(true)}>
        {say("addProof")}
      </button>
      {asking && (
        <Dialog title={say("proof")} onClose={close}>
          <ProofForm
            onProof={async (proof) => {
              await outbox.add(prove(order, proof));
              close();
            }}
          >
            <button type="button" onClick={close}>
              {say("leave")}
            </button>
            <button type="submit" class="go">
              {say("saveProof")}
            </button>
          </ProofForm>
        </Dialog>
      )}
    </div>
  );
}
