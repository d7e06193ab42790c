/**
 * What the business comes to, against before, and what it is made of; each number leads to its orders.
 *
 * Each card asks for itself and tells its own errors. The time and the zone stand in the address, so a view can be kept
 * and sent; whatever changes them changes the address.
 */
import { useLocation } from "preact-iso";
import { api, clock, locale } from "../../app";
import { answer } from "../../lib/api";
import { dayIn, when } from "../../lib/time";
import { MINUTE_MS, useAnswer } from "../../ui/answer";
import { useTitle } from "../../ui/hooks";
import { Heading, Skeletons, Trouble } from "../../ui/pieces";
import { businessZone } from "./ask";
import { Cancellations } from "./Cancellations";
import { Deliveries } from "./Deliveries";
import { Kpis } from "./Kpis";
import { type Asked, AskedError, addressOf, rangeOf, readAsked, weighsToday } from "./period";
import { Revenue } from "./Revenue";
import { Stages } from "./Stages";
import { TopCategories, TopDrivers, TopProducts, TopRestaurants } from "./Tops";
import { say } from "./texts";
import { OnlyOf, Which } from "./Which";
import "./figures.css";

export default function Figures() {
  const { query } = useLocation();
  useTitle(say("figures"));
  const asked = read(query);
  const zone = useAnswer(businessZone, "zone");
  if (asked instanceof AskedError)
    return (
      <section>
        <Heading title={say("figures")} />
        <Trouble error={say("badAddress", { what: asked.message })} />
        <a class="button" href="/figures">
          {say("usual")}
        </a>
      </section>
    );
  if (zone.value === null)
    return (
      <section>
        <Heading title={say("figures")} />
        <Trouble error={zone.error} />
        {zone.error === null && <Skeletons count={6} label={say("loading")} />}
      </section>
    );
  return <Shown asked={asked} zone={zone.value} />;
}

function Shown({ asked, zone }: { asked: Asked; zone: string }) {
  const { route } = useLocation();
  const range = rangeOf(asked, dayIn(asked.zone ?? zone, clock.now()));
  const key = JSON.stringify(range);
  const kpis = useAnswer(() => answer(api.GET("/api/analytics/kpis", { params: { query: range } })), key, MINUTE_MS);
  const asOf = kpis.value?.as_of;
  const line = asOf ? say("asOf", { when: when(asOf, clock.now(), locale) }) : say("counting");
  const unfinished = weighsToday(asked) ? ` · ${say("notOver")}` : "";
  const change = (news: Partial<Asked>) => route(`/figures${addressOf({ ...asked, ...news })}`);
  const own = { range, asked, zone };
  return (
    <section class="figures">
      <Heading title={say("figures")} line={line + unfinished}>
        <Which asked={asked} zone={zone} change={change} />
      </Heading>
      {asked.restaurant !== null && <OnlyOf id={asked.restaurant} change={change} />}
      <Kpis answer={kpis} {...own} />
      <div class="panels">
        <Revenue {...own} previous={kpis.value?.previous} />
        <TopProducts {...own} />
        {asked.restaurant === null && (
          <>
            <TopRestaurants {...own} />
            <TopCategories {...own} />
            <TopDrivers {...own} />
          </>
        )}
        <div class="panels stacked">
          <Deliveries {...own} />
          <Cancellations {...own} />
        </div>
        <Stages {...own} />
      </div>
    </section>
  );
}

function read(query: Record<string, string>): Asked | AskedError {
  try {
    return readAsked(query);
  } catch (error) {
    if (error instanceof AskedError) return error;
    throw error;
  }
}
