/** Who drives: for the orders of each zone one of its drivers, the one with the least to do first. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../../app";
import type { components } from "../../generated/orders";
import { answer } from "../../lib/api";
import { everyPage } from "../../lib/pages";
import { Dialog } from "../../ui/Dialog";
import { FieldsError, useForm } from "../../ui/form";
import { Trouble } from "../../ui/pieces";
import type { Acted } from "./steps";
import { say } from "./texts";

type Driver = components["schemas"]["DriverAtWork"];
/** Who is given an order; nobody is when it is to stay as it is. */
export type DriverOf = (order: Acted) => Driver | undefined;
type Zones = [zone: number, orders: Acted[]][];

const PAGE = 100;

export function AssignDialog({
  orders,
  onClose,
  onGive,
}: {
  orders: readonly Acted[];
  onClose: () => void;
  onGive: (driverOf: DriverOf) => Promise<void>;
}) {
  const zones: Zones = [...new Set(orders.map(({ zone }) => zone))]
    .sort((a, b) => a - b)
    .map((zone) => [zone, orders.filter((order) => order.zone === zone)]);
  const { drivers, error } = useDrivers(zones.map(([zone]) => zone));
  const form = useForm(async (fields) => {
    const chosen = new Map(
      zones.map(([zone]) => [zone, drivers?.get(zone)?.find(({ id }) => id === fields.get(nameOf(zone)))]),
    );
    if ([...chosen.values()].every((driver) => driver === undefined)) {
      throw new FieldsError(new Map(), say("chooseDriver"));
    }
    await onGive(({ zone, driver_id }) => {
      const driver = chosen.get(zone);
      return driver?.id === driver_id ? undefined : driver; // who has it already is not given it again
    });
  });
  return (
    <Dialog title={say("assignTitle", { count: orders.length })} onClose={onClose}>
      <form {...form.attributes}>
        {drivers === null && error === null && (
          <p class="quiet" role="status">
            {say("loadingDrivers")}
          </p>
        )}
        {drivers !== null &&
          zones.map(([zone, those]) => (
            <ZoneDrivers key={zone} zone={zone} orders={those} drivers={drivers.get(zone) ?? []} />
          ))}
        <Trouble error={error ?? form.error} />
        <div class="actions">
          <button type="submit" class="go" disabled={drivers === null || form.busy}>
            {say("give")}
          </button>
          <button type="button" onClick={onClose}>
            {say("keep")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ZoneDrivers({
  zone,
  orders,
  drivers,
}: {
  zone: number;
  orders: readonly Acted[];
  drivers: readonly Driver[];
}) {
  return (
    <fieldset class="drivers">
      <legend>{say("zoneOrders", { zone: String(zone), count: orders.length })}</legend>
      {drivers.length === 0 && <p class="quiet">{say("nobody")}</p>}
      {drivers.map((driver) => (
        <label key={driver.id} class="tick">
          <input
            type="radio"
            name={nameOf(zone)}
            value={driver.id}
            disabled={!driver.on_duty || orders.every(({ driver_id }) => driver_id === driver.id)}
          />
          <span>
            {driver.name} <span class="quiet">{loadOf(driver)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function loadOf({ on_duty, stops }: Driver): string {
  if (!on_duty) return say("offDuty");
  return stops === 0 ? say("free") : say("stops", { count: stops });
}

function nameOf(zone: number): string {
  return `driver of ${zone}`;
}

/** The drivers of these zones, those on duty before the others, and among them who has the least to do. */
function useDrivers(zones: readonly number[]) {
  const [drivers, setDrivers] = useState<ReadonlyMap<number, readonly Driver[]> | null>(null);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    Promise.all(zones.map(async (zone): Promise<[number, Driver[]]> => [zone, await driversOf(zone)])).then(
      (found) => setDrivers(new Map(found)),
      setError,
    );
  }, []);
  return { drivers, error };
}

async function driversOf(zone: number): Promise<Driver[]> {
  const drivers = await everyPage((cursor) =>
    answer(
      api.GET("/api/orders/drivers", {
        params: { query: { zone, limit: PAGE, ...(cursor === null ? {} : { cursor }) } },
      }),
    ),
  );
  return drivers.sort(
    (a, b) => Number(b.on_duty) - Number(a.on_duty) || a.stops - b.stops || (a.name < b.name ? -1 : 1),
  );
}
