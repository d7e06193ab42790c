/** The states of an order, in words: the same on every screen. */
import { texts } from "./app";
import type { Status } from "./orders";

/** A state's name. */
export const statusName: (status: Status) => string = texts({
  en: {
    pending: "Placed",
    confirmed: "Confirmed",
    rejected: "Rejected",
    preparing: "Preparing",
    ready: "Ready",
    out_for_delivery: "On the way",
    delivered: "Delivered",
    failed: "Not delivered",
    cancelled: "Cancelled",
  },
  de: {
    pending: "Bestellt",
    confirmed: "Bestätigt",
    rejected: "Abgelehnt",
    preparing: "In Vorbereitung",
    ready: "Bereit",
    out_for_delivery: "Unterwegs",
    delivered: "Geliefert",
    failed: "Nicht zugestellt",
    cancelled: "Storniert",
  },
});
