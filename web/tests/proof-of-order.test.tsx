// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { outbox, session } from "../src/app";
import { prove } from "../src/deeds";
import type { Role } from "../src/lib/session";
import type { Order } from "../src/orders";
import { Proof } from "../src/screens/order/Proof";
import { drawn, named, problem, serve, show } from "./page";

const ORDER = { id: "o1", number: 1007, driver_id: "dora", status: "delivered", items: [] } as unknown as Order;
const PROOF = {
  order_id: "o1",
  kind: "signature",
  name: "Ana Cook",
  media_type: "image/png",
  size: 3,
  driver_id: "dora",
};
const text = () => document.body.textContent ?? "";

/** The order's proof as somebody with this role sees it. */
async function opened(role: Role, answers: Parameters<typeof serve>[0]): Promise<void> {
  const person = { id: role === "driver" ? "dora" : "ann", name: "A", role, restaurant_id: null, zone: null };
  serve({ "POST /api/accounts/sessions": () => Response.json({ access_token: "t", expires_in: 900, person }) });
  await session.signIn("a@larder.test", "larder");
  serve(answers);
  await show(<Proof order={ORDER} />);
  await drawn();
}

beforeEach(() => localStorage.clear());
afterEach(async () => {
  await show(null);
  for (const { key } of outbox.actions.value) await outbox.remove(key);
  await session.ended();
});

const none = { "GET /api/orders/o1/proof": () => problem(404, { code: "not_found" }) };

describe("the proof of an order", () => {
  it("is shown with its image and who took the goods", async () => {
    await opened("restaurant", {
      "GET /api/orders/o1/proof": () => Response.json({ ...PROOF, at: "2026-11-27T10:00:00Z" }),
      "GET /api/orders/o1/proof/image": () => new Response("png", { headers: { "Content-Type": "image/png" } }),
    });
    expect(text()).toContain("Ana Cook took it");
    const image = document.querySelector("img");
    expect([image?.alt, image?.src.startsWith("blob:")]).toEqual(["Signature of Ana Cook", true]);
  });

  it("that has not come is said to follow, and only its driver may add it", async () => {
    await opened("restaurant", none);
    expect(text()).toContain("It follows when the driver has a network.");
    expect(document.querySelector("button")).toBeNull();
    await show(null);
    await opened("driver", none);
    expect(text()).toContain("There is no proof of this delivery yet.");
    expect(named("Add a proof")).toBeTruthy();
  });

  it("that waits for a network is said to be kept, and asked for once it was sent", async () => {
    await opened("driver", none);
    await outbox.add(prove(ORDER, { kind: "signature", name: "Ana Cook", image: "" }));
    await drawn();
    expect(text()).toContain("The proof is kept");
    serve({
      "PUT /api/orders/o1/proof": () => Response.json(PROOF),
      "GET /api/orders/o1/proof": () => Response.json({ ...PROOF, at: "2026-11-27T10:00:00Z" }),
      "GET /api/orders/o1/proof/image": () => new Response("png", { headers: { "Content-Type": "image/png" } }),
    });
    await outbox.flush();
    await drawn();
    expect(text()).toContain("Ana Cook took it");
  });

  it("that nobody could be asked for is no proof that is missing", async () => {
    await opened("driver", {});
    expect(document.querySelector('[role="alert"]')?.textContent).toContain("cannot be reached");
    expect(document.querySelector("button")).toBeNull();
  });
});
