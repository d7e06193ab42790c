/** The proof of a delivery as the server has it: asked for until it is there, since it may follow its delivery late. */
import { api, clock, outbox } from "./app";
import type { components } from "./generated/orders";
import { answer, ProblemError } from "./lib/api";
import { Store } from "./lib/store";

export type Proof = components["schemas"]["Proof"];

export interface ProofState {
  /** Null: there is none yet. Undefined: nobody has said. */
  proof: Proof | null | undefined;
  /** The image, to be shown by this address. */
  image: string | null;
  error: Error | null;
}

/** A picture takes some seconds after its delivery; after that it has no network, and whoever looks later sees it. */
const AGAIN_MS = [2_000, 5_000, 15_000];

export interface OpenProof {
  state: Store<ProofState>;
  stop: () => void;
}

export function openProof(orderId: string): OpenProof {
  const state = new Store<ProofState>({ proof: undefined, image: null, error: null });
  const params = { path: { order_id: orderId } };
  let stopped = false;
  let stopWaiting = () => {};

  async function ask(tries: number): Promise<void> {
    try {
      const proof = await answer(api.GET("/api/orders/{order_id}/proof", { params }));
      // By the api and not as an <img>: that would not renew a session that ran out.
      const image = await answer(api.GET("/api/orders/{order_id}/proof/image", { params, parseAs: "blob" }));
      if (!stopped) state.set({ proof, image: URL.createObjectURL(image as unknown as Blob), error: null });
    } catch (error) {
      if (stopped) return;
      const none = error instanceof ProblemError && error.status === 404;
      state.set({ proof: none ? null : state.value.proof, image: null, error: none ? null : (error as Error) });
      const wait = AGAIN_MS[tries];
      if (wait !== undefined) stopWaiting = clock.after(wait, () => ask(tries + 1));
    }
  }

  const stopHearing = outbox.whenDone(({ kind, about }) => {
    if (kind === "prove" && about.order === orderId) ask(0);
  });
  ask(0);
  return {
    state,
    stop() {
      stopped = true;
      stopWaiting();
      stopHearing();
      if (state.value.image !== null) URL.revokeObjectURL(state.value.image);
    },
  };
}
