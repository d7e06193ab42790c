/** Whether the position is shared: always said while it could be, and nothing when it is not. */
import type { Sharing, SharingState } from "../../lib/sharing";
import { useStore } from "../../ui/hooks";
import { Pill, type Tone } from "../../ui/pieces";
import { say } from "./texts";

const TONES: Record<SharingState["is"], Tone> = {
  off: "plain",
  seeking: "plain",
  on: "good",
  refused: "warm",
  lost: "warm",
};

export function SharingNote({ sharing }: { sharing: Sharing }) {
  const { is } = useStore(sharing.state);
  return (
    <p class="sharing" role="status">
      {is !== "off" && <Pill tone={TONES[is]}>{say(`sharing_${is}`)}</Pill>}
    </p>
  );
}
