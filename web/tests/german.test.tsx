// @vitest-environment happy-dom
/** The app in German: what the server says of a form is told in German, beside its field. */
import { LocationProvider } from "preact-iso";
import { expect, it, vi } from "vitest";
import NewRestaurant from "../src/screens/restaurants/NewRestaurant";
import { problem, serve, show, submit } from "./page";

vi.hoisted(() => localStorage.setItem("larder.language", "de"));

const TYPED = { number: "7", name: "", address: "Am Markt 1", zone: "3", credit_limit_cents: "5000" };
const PLACE = { "location.lat": "39.12", "location.lon": "-84.5" };

it("a refused form says what to mend in German, and has the focus at the first of it", async () => {
  const errors = [
    { field: "name", detail: "Expected `str` of length >= 1", code: "short", limit: 1 },
    { field: "credit_limit_cents", detail: "Expected `int` <= 100000", code: "large", limit: 100_000 },
  ];
  serve({ "POST /api/accounts/restaurants": () => problem(400, { code: "invalid", errors }) });
  await show(
    <LocationProvider>
      <NewRestaurant />
    </LocationProvider>,
  );
  await submit({ ...TYPED, ...PLACE });
  const wrong = [...document.querySelectorAll(".wrong")].map((each) => each.textContent);
  expect(wrong).toEqual(["Hier fehlt etwas.", "Zu viel: höchstens 1.000,00\u00a0$."]);
  expect((document.activeElement as HTMLInputElement).name).toBe("name");
  expect(document.querySelector('[role="alert"]')?.textContent).toMatch(/^Das lässt sich so nicht annehmen\./);
  expect((document.querySelector("[name=address]") as HTMLInputElement).value).toBe("Am Markt 1");
});

it("a number that another one has is told at its field", async () => {
  const detail = "Another restaurant has this number.";
  const errors = [{ field: "number", detail, code: "taken" }];
  serve({ "POST /api/accounts/restaurants": () => problem(409, { code: "number", detail, errors }) });
  await show(
    <LocationProvider>
      <NewRestaurant />
    </LocationProvider>,
  );
  await submit({ ...TYPED, ...PLACE, name: "Zum Anker" });
  expect(document.querySelector(".wrong")?.textContent).toBe("Das ist schon vergeben. Wählen Sie etwas anderes.");
  expect(document.querySelector('[role="alert"]')?.textContent).toBe("Diese Nummer hat ein anderes Restaurant.");
});
