/** The stops on a map: Leaflet, loaded with this part alone. Without any tile it gives up, and says so. */
import {
  circleMarker,
  divIcon,
  type LatLngTuple,
  type Map as LeafletMap,
  latLngBounds,
  layerGroup,
  map,
  marker,
  polyline,
  tileLayer,
} from "leaflet";
import { useEffect, useRef } from "preact/hooks";
import type { Place } from "../../lib/distance";
import type { Stop } from "./sketch";
import { say } from "./texts";
import { TILES } from "./tiles";
import "./tiles.css";

interface TilesProps {
  here: Place | null;
  stops: readonly Stop[];
  onFail: () => void;
}

export default function Tiles({ here, stops, onFail }: TilesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const shown = useRef<LeafletMap | null>(null);
  // Made once; what is on it changes below.
  useEffect(() => {
    const made = map(frame.current as HTMLDivElement, { zoomControl: true });
    made.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
    shown.current = made;
    let loaded = false;
    tileLayer(TILES.url, { attribution: TILES.attribution, maxZoom: 19 })
      .on("tileload", () => {
        loaded = true;
      })
      .on("tileerror", () => {
        if (!loaded) onFail();
      })
      .addTo(made);
    made.fitBounds(latLngBounds([here, ...stops].flatMap((each) => (each === null ? [] : [pair(each)]))), {
      padding: [40, 40],
      maxZoom: 16,
    });
    return () => {
      shown.current = null;
      made.remove();
    };
  }, []);
  useEffect(() => {
    const made = shown.current;
    if (made === null) return;
    const drawn = layerGroup().addTo(made);
    const way = [here, ...stops].flatMap((each) => (each === null ? [] : [pair(each)]));
    polyline(way, { className: "tiles-way", interactive: false }).addTo(drawn);
    if (here !== null)
      circleMarker(pair(here), { radius: 8, className: "tiles-here", interactive: false }).addTo(drawn);
    for (const stop of stops) {
      const title = say("stop", { place: stop.place, name: stop.name });
      const icon = divIcon({ className: "place", html: String(stop.place), iconSize: [32, 32] });
      const placed = marker(pair(stop), { icon }).bindTooltip(stop.name, { direction: "top" }).addTo(drawn);
      placed.getElement()?.setAttribute("aria-label", title); // Leaflet names pictures alone
    }
    return () => {
      drawn.remove();
    };
  }, [here, stops]);
  return <div class="tiles" ref={frame} />;
}

function pair({ lat, lon }: Place): LatLngTuple {
  return [lat, lon];
}
