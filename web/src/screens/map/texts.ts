import { texts } from "../../app";

export const say = texts({
  en: {
    map: "Map",
    line: { one: "{count} stop, in the order of your route", other: "{count} stops, in the order of your route" },
    none: "Nothing on the way. Your stops are shown here once you have set out.",
    back: "To the deliveries",
    sketch:
      "A sketch of your route: you in the middle of the rings, and your stops by their numbers. The list below says the same.",
    stops: "Your stops",
    stop: "Stop {place}: {name}",
    away: "{distance} away",
    noHere: "Your position is not known here, so the sketch shows the stops alone.",
    noTiles: "The map cannot be loaded at the moment. This is a sketch of your route.",
  },
  de: {
    map: "Karte",
    line: { one: "{count} Halt, in der Reihenfolge Ihrer Tour", other: "{count} Halte, in der Reihenfolge Ihrer Tour" },
    none: "Nichts unterwegs. Ihre Halte sind hier zu sehen, sobald Sie losgefahren sind.",
    back: "Zu den Lieferungen",
    sketch:
      "Eine Skizze Ihrer Tour: Sie in der Mitte der Ringe und Ihre Halte mit ihren Nummern. Die Liste darunter sagt dasselbe.",
    stops: "Ihre Halte",
    stop: "Halt {place}: {name}",
    away: "{distance} entfernt",
    noHere: "Ihr Standort ist hier nicht bekannt, deshalb zeigt die Skizze nur die Halte.",
    noTiles: "Die Karte lässt sich gerade nicht laden. Das ist eine Skizze Ihrer Tour.",
  },
});
