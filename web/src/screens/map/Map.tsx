/**
 * Where the stops are. On a map when tiles are configured and can be reached, otherwise as a sketch, which needs no
 * network; the list under either says the same in words.
 */

import { useState } from "preact/hooks";
import { locale } from "../../app";
import { distance, metresBetween, type Place } from "../../lib/distance";
import { useStore, useTitle } from "../../ui/hooks";
import { part } from "../../ui/part";
import { Heading } from "../../ui/pieces";
import { SharingNote } from "../deliveries/SharingNote";
import { work } from "../deliveries/work";
import { Sketch } from "./Sketch";
import type { Stop } from "./sketch";
import { say } from "./texts";
import { TILES } from "./tiles";
import "../deliveries/deliveries.css";
import "./map.css";

const Tiles = part(() => import("./Tiles"));

export default function RouteMap() {
  const { round, sharing } = work();
  const orders = useStore(round).stops;
  const here = useStore(sharing.state);
  const [tiled, setTiled] = useState(TILES.url !== "");
  useTitle(say("map"));
  const place = here.is === "on" ? here.place : null;
  const stops = orders.map(({ id, stop, restaurant_name: name, location }, at) => ({
    id,
    place: stop ?? at + 1, // as in the list of deliveries, where what is not loaded yet has its number too
    name,
    ...location,
  }));
  if (stops.length === 0) return <Nothing />;
  return (
    <section class="route">
      <Heading title={say("map")} line={say("line", { count: stops.length })} />
      <SharingNote sharing={sharing} />
      {TILES.url !== "" && !tiled && <p class="quiet">{say("noTiles")}</p>}
      {place === null && !tiled && <p class="quiet">{say("noHere")}</p>}
      {tiled ? (
        <Tiles here={place} stops={stops} onFail={() => setTiled(false)} />
      ) : (
        <Sketch here={place} stops={stops} />
      )}
      <List stops={stops} here={place} />
    </section>
  );
}

function List({ stops, here }: { stops: readonly Stop[]; here: Place | null }) {
  return (
    <ol class="cards" aria-label={say("stops")}>
      {stops.map((stop) => (
        <li class="card" key={stop.id}>
          <span class="place" aria-hidden="true">
            {stop.place}
          </span>
          <a href={`/orders/${stop.id}`} aria-label={say("stop", { place: stop.place, name: stop.name })}>
            {stop.name}
          </a>
          {here !== null && (
            <span class="quiet">{say("away", { distance: distance(metresBetween(here, stop), locale) })}</span>
          )}
        </li>
      ))}
    </ol>
  );
}

function Nothing() {
  return (
    <section class="empty">
      <h1>{say("map")}</h1>
      <p class="quiet">{say("none")}</p>
      <a class="button" href="/">
        {say("back")}
      </a>
    </section>
  );
}
