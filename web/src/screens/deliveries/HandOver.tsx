/**
 * At the door. The delivery is told first and the proof goes after it, so that a large picture holds nothing up; they are
 * kept together, so that no proof is lost with a page that is left in between.
 */
import { outbox } from "../../app";
import { move, prove } from "../../deeds";
import type { Entry } from "../../orders";
import { Dialog } from "../../ui/Dialog";
import { type Proof, ProofForm } from "../../ui/proof/ProofForm";
import { say } from "./texts";

export function HandOver({ order, onClose }: { order: Entry; onClose: () => void }) {
  async function handOver(proof?: Proof): Promise<void> {
    const delivery = move(order, "delivered");
    await outbox.addAll(proof === undefined ? [delivery] : [delivery, prove(order, proof)]);
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
