import { describe, expect, test } from "vitest";
import type { Place } from "../src/lib/distance";
import { AGAIN_MS, EVERY_MS, Sharing } from "../src/lib/sharing";
import { SimulatedClock } from "./simulated";

/** A device that is moved by hand. */
class Device {
  watched = 0;
  #told: PositionCallback | null = null;
  #failed: PositionErrorCallback | null | undefined = null;

  watchPosition(told: PositionCallback, failed?: PositionErrorCallback | null): number {
    this.#told = told;
    this.#failed = failed;
    return ++this.watched;
  }

  clearWatch(): void {
    this.watched -= 1;
  }

  /** Also after it is watched no more: what was under way still comes. */
  move(latitude: number): void {
    this.#told?.({ coords: { latitude, longitude: 8 } } as GeolocationPosition);
  }

  fail(code: number): void {
    this.#failed?.({ code } as GeolocationPositionError);
  }
}

function begun(): { device: Device; clock: SimulatedClock; sharing: Sharing; sent: number[] } {
  const [device, clock, sent] = [new Device(), new SimulatedClock(), [] as number[]];
  const sharing = new Sharing({ geolocation: device, clock, send: ({ lat }: Place) => sent.push(lat) });
  sharing.start();
  return { device, clock, sharing, sent };
}

describe("a position that is shared", () => {
  test("goes out at once, then at most one a second, and always the newest", async () => {
    const { device, clock, sharing, sent } = begun();
    expect(sharing.state.value).toEqual({ is: "seeking" });
    for (const lat of [1, 2, 3]) device.move(lat);
    expect(sent).toEqual([1]);
    expect(sharing.state.value).toEqual({ is: "on", place: { lat: 3, lon: 8 } });
    await clock.run(EVERY_MS - 1);
    expect(sent).toEqual([1]);
    await clock.run(1);
    expect(sent).toEqual([1, 3]);
    await clock.run(2 * EVERY_MS);
    device.move(4);
    expect(sent).toEqual([1, 3, 4]);
  });

  test("is told again while the driver stands still, and not once the device has lost it", async () => {
    const { device, clock, sent } = begun();
    device.move(1);
    await clock.run(2 * AGAIN_MS);
    expect(sent).toEqual([1, 1, 1]);
    device.fail(2);
    await clock.run(5 * AGAIN_MS);
    expect(sent).toEqual([1, 1, 1]);
  });

  test("stops by the second, whatever was under way", async () => {
    const { device, clock, sharing, sent } = begun();
    device.move(1);
    device.move(2);
    sharing.stop();
    device.move(3);
    await clock.run(5 * EVERY_MS);
    expect(sent).toEqual([1]);
    expect(sharing.state.value).toEqual({ is: "off" });
    expect(device.watched).toBe(0);
    sharing.start();
    device.move(4);
    expect(sent).toEqual([1, 4]);
  });

  test("is begun once, however often it is asked for", () => {
    const { device, sharing } = begun();
    sharing.start();
    expect(device.watched).toBe(1);
  });

  test("says when it is not allowed, when the device is lost, and when there is none", () => {
    const { device, sharing, sent } = begun();
    device.fail(2);
    expect(sharing.state.value).toEqual({ is: "lost" });
    device.move(1);
    expect(sharing.state.value.is).toBe("on");
    device.fail(1);
    expect(sharing.state.value).toEqual({ is: "refused" });
    expect(sent).toEqual([1]);
    const none = new Sharing({ geolocation: undefined, clock: new SimulatedClock(), send: () => {} });
    none.start();
    expect(none.state.value).toEqual({ is: "refused" });
  });
});
