/** What the buttons of the acts say. */
import type { Act } from "./steps";
import type { say } from "./texts";

export const ACT_WORDS = {
  prepare: "doPrepare",
  ready: "doReady",
  offer: "doOffer",
  assign: "doAssign",
  unassign: "doUnassign",
  reject: "doReject",
  cancel: "doCancel",
} as const satisfies Record<Act, Parameters<typeof say>[0]>;
