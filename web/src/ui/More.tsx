/** Asks for the next page of a list; nothing where there is none. Why it did not come stands beside it, where one looks. */
import { texts } from "../app";
import { Trouble } from "./pieces";

const say = texts({ en: { more: "Load more" }, de: { more: "Mehr laden" } });

interface MoreProps {
  list: { more: boolean; busy?: boolean; missed?: Error | null };
  onMore: () => void;
}

export function More({ list: { more, busy = false, missed = null }, onMore }: MoreProps) {
  if (!more) return null;
  return (
    <>
      <Trouble error={missed} />
      <button type="button" class="more" disabled={busy} onClick={onMore}>
        {say("more")}
      </button>
    </>
  );
}
