/** At the door. The delivery is told first and the proof goes after it, so that a large picture holds nothing up. */
import { outbox } from "../../app";
import { move, prove } from "../../deeds";
import type { Entry } from "../../orders";
import { Dialog } from "../../ui/Dialog";
import { type Proof, ProofForm } from "../../ui/proof/ProofForm";
import { say } from "./texts";

export function HandOver({ order, onClose }: { order: Entry; onClose: () => void }) {
  async function handOver(proof?: Proof): Promise<void> {
    await outbox.add(move(order, "delivered"));
    if (proof !== undefined) await outbox.add(prove(order, proof));
    onClose();
  }
  return (
    <Dialog title={say("handOverTo", { name: order.restaurant_name })} onClose={onClose}>
      <ProofForm onProof={handOver}>
        <button type="button" onClick={onClose}>
          {say("back")}
        </button>
        <button type="button" onClick={() => handOver()}>
          {say("withoutProof")}
        </button>
        <button type="submit" class="go">
          {say("handOverNow")}
        </button>
      </ProofForm>
    </Dialog>
  );
}
