import { expect, test } from "vitest";
import { wayTo } from "../src/lib/navigation";

test("a way is handed to what the device has for it", () => {
  const place = { lat: 39.1, lon: -84.5 };
  const android = "Mozilla/5.0 (Linux; Android 16) Chrome/156 Mobile";
  expect(wayTo(place, "Fig & Fork", android)).toBe("geo:39.1,-84.5?q=39.1,-84.5(Fig%20%26%20Fork)");
  expect(wayTo(place, "", "Mozilla/5.0 (iPhone)")).toBe("https://maps.apple.com/?daddr=39.1,-84.5");
  expect(wayTo(place, "", "X11; Linux")).toBe("https://www.openstreetmap.org/directions?to=39.1%2C-84.5");
});
