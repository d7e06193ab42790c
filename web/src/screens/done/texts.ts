import { texts } from "../../app";

export const say = texts({
  en: {
    done: "Done",
    line: { one: "The newest one", other: "The newest {count}" },
    none: "What you have delivered, or could not, is listed here.",
    back: "To the deliveries",
    loading: "Loading what is done",
    number: "No. {number}",
  },
  de: {
    done: "Erledigt",
    line: { one: "Die neueste", other: "Die neuesten {count}" },
    none: "Was Sie geliefert haben oder nicht liefern konnten, steht hier.",
    back: "Zu den Lieferungen",
    loading: "Erledigtes wird geladen",
    number: "Nr. {number}",
  },
});
