import { texts } from "../../app";

export const say = texts({
  en: {
    asTable: "As a table",
    nothing: "Nothing in this time.",
    unknown: "not known",
    before: "before: {value}",
    beforeColumn: "Before",
    valueColumn: "Now",
    whenColumn: "When",
  },
  de: {
    asTable: "Als Tabelle",
    nothing: "In dieser Zeit ist nichts.",
    unknown: "nicht bekannt",
    before: "vorher: {value}",
    beforeColumn: "Vorher",
    valueColumn: "Jetzt",
    whenColumn: "Wann",
  },
});
