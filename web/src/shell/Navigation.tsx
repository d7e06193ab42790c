/**
 * The role's screens: in the bar on top, and where there is no room for them in one at the bottom, within a thumb's reach.
 * What does not fit there is behind "More".
 */

import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Person } from "../lib/session";
import { SCREENS, type Screen } from "../roles";
import { Icon } from "../ui/Icon";
import { say } from "./texts";

/** As many places as a phone's bar has. */
const PLACES = 5;

export function Navigation({ person }: { person: Person }) {
  const { path } = useLocation();
  const more = useRef<HTMLDivElement>(null);
  const named = SCREENS[person.role].filter(({ name }) => name !== undefined);
  if (named.length < 2) return <nav aria-label={say("menu")} />;
  const first = named.length > PLACES ? PLACES - 1 : named.length;
  const rest = named.slice(first);
  return (
    <nav aria-label={say("menu")}>
      {named.map((screen, at) => (
        <Entry key={screen.path} screen={screen} path={path} rest={at >= first} />
      ))}
      {rest.length > 0 && (
        <>
          <button
            type="button"
            class="others"
            popovertarget="more-screens"
            data-current={rest.some((screen) => isAt(screen, path))}
          >
            <Icon name="more" />
            {say("moreScreens")}
          </button>
          <div id="more-screens" popover="auto" ref={more}>
            {rest.map((screen) => (
              <Entry key={screen.path} screen={screen} path={path} onClick={() => more.current?.hidePopover()} />
            ))}
          </div>
        </>
      )}
    </nav>
  );
}

interface EntryProps {
  screen: Screen;
  path: string;
  rest?: boolean;
  onClick?: () => void;
}

function Entry({ screen, path, rest = false, ...more }: EntryProps) {
  const current = isAt(screen, path) ? "page" : undefined;
  return (
    <a href={screen.path} class={rest ? "rest" : undefined} aria-current={current} {...more}>
      {screen.icon !== undefined && <Icon name={screen.icon} />}
      {screen.name}
      {screen.mark !== undefined && <screen.mark />}
    </a>
  );
}

/** There, or on something beneath it. */
function isAt({ path }: Screen, present: string): boolean {
  return present === path || (path !== "/" && present.startsWith(`${path}/`));
}
