/**
 * What an error means, in the reader's words and with what to do.
 *
 * The server says what is wrong by a code and a sentence in English, of the whole and of each field. A code that is not
 * known here is told by that sentence, with the request's id, by which the server's log finds it.
 */
import { locale, texts } from "./app";
import { type FieldError, type ProblemDocument, ProblemError, UnreachableError } from "./lib/api";
import { money } from "./lib/money";
import { statusName } from "./status";

const say = texts({
  en: {
    unreachable: "Larder cannot be reached. Look at the network; this is tried again by itself.",
    moved: "Somebody was quicker: the order is “{status}” now.",
    changed: "Somebody changed this meanwhile. Look at how it is now, then try again.",
    taken: "Another driver has this delivery.",
    duty: "You are off duty. Go on duty, then take it.",
    driver: "This driver cannot take it. Choose another one.",
    route: "The stops changed meanwhile. Look at the route as it is now.",
    proved: "This delivery has another proof already, and keeps it.",
    image: "This picture cannot be used. Take another one.",
    credit: "This comes to {total}, and {available} of the credit are left. Order less, or settle the account.",
    price: "Prices have changed since. Look at the new ones, then order again.",
    noPrice: "A product that is sold needs a price.",
    inactive: "A product is not sold any more. Take it out, then order again.",
    stock: "The stock has not answered yet. Try again in a moment.",
    email: "Somebody has this address already.",
    number: "Another restaurant has this number.",
    sku: "There is a product with this SKU already.",
    last_admin: "Nobody else is an admin. Make somebody one first.",
    lines: "Nothing was imported, for some lines are wrong.",
    forbidden: "You may not do this.",
    not_found: "It is not there any more, or not yours to see.",
    not_signed_in: "Sign in again.",
    wrong_credentials: "The address or the password is wrong.",
    busy: "Larder is busy. Try again in a moment.",
    tooMany: "That was too often. Wait a moment, then try again.",
    tooLarge: "This is too large to be sent.",
    internal: "Something went wrong at Larder. Try again, and if that does not help, tell us: request {id}.",
    invalid: "This cannot be accepted. {why}",
    required: "Something is missing.",
    short: "Too short: at least {limit} characters.",
    long: "Too long: at most {limit} characters.",
    few: "Too few: at least {limit}.",
    many: "Too many: at most {limit}.",
    small: "Too little: at least {limit}.",
    large: "Too much: at most {limit}.",
    form: "It is not written as it has to be.",
    unknown: "It is not there any more. Choose another one.",
    occupied: "It is taken. Choose another one.",
    wrong: "It is wrong.",
    other: "{detail} (Request {id})",
  },
  de: {
    unreachable: "Larder ist nicht erreichbar. Prüfen Sie das Netz; es wird von selbst wieder versucht.",
    moved: "Jemand war schneller: Die Bestellung ist jetzt „{status}“.",
    changed: "Das hat inzwischen jemand geändert. Sehen Sie nach, wie es jetzt ist, und versuchen Sie es erneut.",
    taken: "Diese Lieferung hat ein anderer Fahrer.",
    duty: "Sie sind nicht im Dienst. Melden Sie sich zum Dienst und übernehmen Sie dann.",
    driver: "Dieser Fahrer kann sie nicht übernehmen. Wählen Sie einen anderen.",
    route: "Die Halte haben sich inzwischen geändert. Sehen Sie nach, wie die Tour jetzt ist.",
    proved: "Zu dieser Lieferung gibt es schon einen anderen Nachweis, und der bleibt.",
    image: "Dieses Bild lässt sich nicht verwenden. Machen Sie ein anderes.",
    credit:
      "Das macht {total}, vom Kredit sind {available} übrig. Bestellen Sie weniger, oder gleichen Sie das Konto aus.",
    price: "Preise haben sich seitdem geändert. Sehen Sie die neuen an und bestellen Sie dann erneut.",
    noPrice: "Ein Artikel im Verkauf braucht einen Preis.",
    inactive: "Ein Produkt wird nicht mehr verkauft. Nehmen Sie es heraus und bestellen Sie dann erneut.",
    stock: "Das Lager hat noch nicht geantwortet. Versuchen Sie es gleich noch einmal.",
    email: "Diese Adresse hat schon jemand.",
    number: "Diese Nummer hat ein anderes Restaurant.",
    sku: "Es gibt schon einen Artikel mit dieser Nummer.",
    last_admin: "Sonst ist niemand Admin. Machen Sie zuerst jemand anderen dazu.",
    lines: "Nichts wurde importiert, denn einige Zeilen sind falsch.",
    forbidden: "Das dürfen Sie nicht.",
    not_found: "Das gibt es nicht mehr, oder es ist nicht für Sie bestimmt.",
    not_signed_in: "Melden Sie sich erneut an.",
    wrong_credentials: "Die Adresse oder das Passwort ist falsch.",
    busy: "Larder ist ausgelastet. Versuchen Sie es gleich noch einmal.",
    tooMany: "Das war zu oft. Warten Sie einen Moment und versuchen Sie es dann erneut.",
    tooLarge: "Das ist zu groß zum Senden.",
    internal:
      "Bei Larder ging etwas schief. Versuchen Sie es erneut, und hilft das nicht, nennen Sie uns: Anfrage {id}.",
    invalid: "Das lässt sich so nicht annehmen. {why}",
    required: "Hier fehlt etwas.",
    short: "Zu kurz: mindestens {limit} Zeichen.",
    long: "Zu lang: höchstens {limit} Zeichen.",
    few: "Zu wenige: mindestens {limit}.",
    many: "Zu viele: höchstens {limit}.",
    small: "Zu wenig: mindestens {limit}.",
    large: "Zu viel: höchstens {limit}.",
    form: "Es ist nicht so geschrieben, wie es sein muss.",
    unknown: "Das gibt es nicht mehr. Wählen Sie etwas anderes.",
    occupied: "Das ist schon vergeben. Wählen Sie etwas anderes.",
    wrong: "Das stimmt nicht.",
    other: "{detail} (Anfrage {id})",
  },
});

const PLAIN = [
  "taken",
  "duty",
  "driver",
  "route",
  "proved",
  "image",
  "inactive",
  "stock",
  "email",
  "number",
  "sku",
  "last_admin",
  "lines",
  "forbidden",
  "not_found",
  "not_signed_in",
] as const;
const AS_THEY_ARE = new Set<string>([...PLAIN, "wrong_credentials", "busy"]);

export function inWords(error: unknown): string {
  if (error instanceof ProblemError) return problemInWords(error.problem);
  if (error instanceof UnreachableError) return say("unreachable");
  return error instanceof Error ? error.message : String(error);
}

export function problemInWords(problem: ProblemDocument): string {
  const { code = "", status } = problem;
  const present = (problem.present ?? {}) as Record<string, unknown>;
  if ((code === "version" || code === "state") && typeof present.status === "string") {
    return say("moved", { status: statusName(present.status as Parameters<typeof statusName>[0]) });
  }
  if (code === "version") return say("changed");
  if (code === "credit") {
    const sum = (cents: unknown) => money(Number(cents), locale);
    return say("credit", { total: sum(present.total_cents), available: sum(present.available_cents) });
  }
  if (code === "price") return say(Array.isArray(problem.present) ? "price" : "noPrice");
  if (code === "internal") return say("internal", { id: problem.request_id });
  const { errors = [] } = problem;
  if (code === "invalid" && errors.length > 0 && errors.every((error) => error.code)) {
    return say("invalid", { why: [...new Set(errors.map(fieldInWords))].join(" ") });
  }
  if (AS_THEY_ARE.has(code)) return say(code as (typeof PLAIN)[number]);
  if (status === 429) return say("tooMany");
  if (status === 413) return say("tooLarge");
  if (status === 503) return say("busy");
  return say("other", { detail: problem.detail, id: problem.request_id });
}

/** What is wrong with a field; the server's words for what has no code. */
export function fieldInWords({ field, code, limit, detail }: FieldError): string {
  if (!code) return detail;
  if (code === "taken") return say("occupied"); // a delivery is "taken", too
  if (limit === undefined || limit === null) return say(code);
  if (limit === 1 && code === "short") return say("required");
  return say(code, { limit: field.endsWith("_cents") ? money(limit, locale) : limit.toLocaleString(locale) });
}
