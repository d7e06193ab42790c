/**
 * What stands in place of a screen that broke, or that could not be loaded: its name, what to do, and that nothing is lost.
 *
 * Invariants: the error is told by whatever hears of those that nobody caught; another address is another screen.
 */
import { Component, type ComponentChildren } from "preact";
import { useTitle } from "../ui/hooks";
import { PartError } from "../ui/part";
import { say } from "./texts";

interface BoundaryProps {
  /** The address of what is shown. */
  at: string;
  onBroken: () => void;
  children: ComponentChildren;
}

export class Boundary extends Component<BoundaryProps, { error?: unknown; at?: string | undefined }> {
  override componentDidCatch(error: unknown): void {
    reportError(error);
    this.setState({ error, at: this.props.at });
    this.props.onBroken();
  }

  override render({ at, children }: BoundaryProps) {
    if (this.state.at !== at) return children;
    return <Broken error={this.state.error} again={() => this.setState({ at: undefined })} />;
  }
}

function Broken({ error, again }: { error: unknown; again: () => void }) {
  useTitle(say("troubled"));
  const missing = error instanceof PartError;
  // A part comes with a page that is loaded anew; without a network there might be no page either.
  const retry = missing && navigator.onLine ? () => location.reload() : again;
  return (
    <section class="empty" role="alert">
      <h1>{say("troubled")}</h1>
      <p>{say(missing ? "notLoaded" : "broken")}</p>
      <button type="button" onClick={retry}>
        {say("again")}
      </button>
    </section>
  );
}
