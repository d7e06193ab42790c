/** The whole of a report as a file. The server names it; the cookie speaks for who asks. */
import { language } from "../../app";
import { say } from "./texts";
import { addressWith } from "./write";

interface Props {
  report: "revenue" | "orders" | "products" | "restaurants" | "categories" | "drivers" | "cancellations";
  what: string;
  range: Readonly<Record<string, string | undefined>>;
}

/** Spreadsheets that write 2,50 take a comma for a number's own. */
const SEPARATOR = language === "de" ? "semicolon" : undefined;

export function File({ report, what, range }: Props) {
  const href = addressWith(`/api/analytics/exports/${report}.csv`, { ...range, separator: SEPARATOR });
  return (
    <a class="button file" href={href} download={`${report}.csv`} aria-label={say("csvOf", { what })}>
      {say("csv")} <span aria-hidden="true">↓</span>
    </a>
  );
}
