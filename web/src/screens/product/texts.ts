import { texts } from "../../app";

export const say = texts({
  en: {
    loading: "Loading the product",
    unread: "This product has not come yet.",
    none: "This product is not in the catalogue.",
    back: "To the catalogue",
    category: "Category",
    unit: "Sold by",
    sku: "Number",
    there: "Can be ordered now",
    missing: "Not there now. It can be ordered again when the supplier has it.",
    toCart: "To the cart",
    sum: "{quantity} in the cart, {sum}",
  },
  de: {
    loading: "Artikel wird geladen",
    unread: "Dieser Artikel ist noch nicht da.",
    none: "Diesen Artikel gibt es im Sortiment nicht.",
    back: "Zum Sortiment",
    category: "Kategorie",
    unit: "Einheit",
    sku: "Nummer",
    there: "Kann jetzt bestellt werden",
    missing: "Zurzeit nicht da. Er kann wieder bestellt werden, wenn der Lieferant ihn hat.",
    toCart: "Zum Korb",
    sum: "{quantity} im Korb, {sum}",
  },
});
