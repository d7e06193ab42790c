/** Who reads a stream, so that what has a name stands out. Pure. */
import type { components } from "../../generated/analytics";

type Consumer = components["schemas"]["Consumer"];

export interface Reader extends Omit<Consumer, "seq" | "durable"> {
  /** How many it stands for: one by its name, or all that come and go with a connection. */
  passing: number;
}

/** The durable ones by name, then in one line those that processes open for themselves: the worst of them counts. */
export function readersOf(consumers: readonly Consumer[]): Reader[] {
  const own = consumers.filter(({ durable }) => durable).map((consumer) => ({ ...consumer, passing: 0 }));
  const passing = consumers.filter(({ durable }) => !durable);
  if (passing.length === 0) return own;
  const worst = (of: (consumer: Consumer) => number) => Math.max(...passing.map(of));
  return [
    ...own,
    {
      name: "",
      passing: passing.length,
      behind: worst(({ behind }) => behind),
      unacknowledged: worst(({ unacknowledged }) => unacknowledged),
      redelivered: worst(({ redelivered }) => redelivered),
    },
  ];
}
