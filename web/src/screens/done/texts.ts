import { texts } from "../../app";

export const say = texts({
  en: {
    done: "Done",
    line: { one: "{count} shown", other: "{count} shown" },
    none: "What you have delivered, or could not, is listed here.",
    back: "To the deliveries",
    loading: "Loading what is done",
    more: "Load more",
    number: "No. {number}",
  },
  de: {
    done: "Erledigt",
    line: { one: "{count} gezeigt", other: "{count} gezeigt" },
    none: "Was Sie geliefert haben oder nicht liefern konnten, steht hier.",
    back: "Zu den Lieferungen",
    loading: "Erledigtes wird geladen",
    more: "Mehr laden",
    number: "Nr. {number}",
  },
});
