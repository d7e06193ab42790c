// The board: who is signed in sees their orders change as they happen, and takes the next step.
//
// The socket is subscribed first and the lists are fetched afterwards; the higher version of an order wins, whichever
// way it came. After a break the position says where to go on, and nothing is asked for twice.

const $ = (id) => document.getElementById(id);
const RENEW_MS = 10 * 60 * 1000; // a token lives 15 minutes
const SHOWN = 100;
const WAS_HERE = "larder.signed-in";

const STATES = {
  pending: "Placed",
  confirmed: "Confirmed",
  rejected: "Rejected",
  preparing: "Preparing",
  ready: "Ready",
  out_for_delivery: "On the way",
  delivered: "Delivered",
  failed: "Not delivered",
  cancelled: "Cancelled",
};

// The one evident next step of each role: [to, what the button says].
const NEXT = {
  admin: {
    confirmed: ["preparing", "Prepare"],
    preparing: ["ready", "Ready"],
    failed: ["ready", "Offer again"],
  },
  driver: { ready: ["out_for_delivery", "Take it"], out_for_delivery: ["delivered", "Hand over"] },
  restaurant: { pending: ["cancelled", "Cancel"], confirmed: ["cancelled", "Cancel"] },
};

let me = null;
let socket = null;
let attempts = 0;
let epoch = null;
const positions = new Map();
let newest = null; // how far the database's log was, as writes and frames tell it where reads may come from a replica
const orders = new Map();
const versions = new Map(); // also of orders that have left: an older answer must not bring them back

async function call(method, path, body, headers = {}) {
  const known = newest === null ? {} : { "X-Larder-Position": newest };
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? { ...known, ...headers } : { "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  note(answer.headers.get("X-Larder-Position"));
  const text = await answer.text();
  const decoded = text ? JSON.parse(text) : null;
  if (!answer.ok) throw Object.assign(new Error(decoded?.detail ?? answer.statusText), { status: answer.status });
  return decoded;
}

/** Positions are two hexadecimal numbers, the high half first. */
function note(position) {
  const number = (text) => BigInt("0x" + text.split("/").map((half) => half.padStart(8, "0")).join(""));
  if (position && (newest === null || number(position) > number(newest))) newest = position;
}

async function begin() {
  const { person } = await call("GET", "/api/accounts/me");
  // Whoever was never signed in here has no session to renew.
  me = person ?? (localStorage.getItem(WAS_HERE) === null ? null : await renewed());
  $("sign-in").hidden = me !== null;
  for (const part of ["board", "leave", "link"]) $(part).hidden = me === null;
  $("who").textContent = me === null ? "" : `${me.name}, ${me.role}`;
  if (me === null) return $("email").focus();
  $("title").textContent = me.role === "driver" ? "Deliveries and offers" : "Orders";
  render();
  await open();
}

async function renewed() {
  try {
    return (await call("POST", "/api/accounts/sessions/current/token")).person;
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

async function ticket() {
  try {
    return (await call("POST", "/api/realtime/tickets")).ticket;
  } catch (error) {
    if (error.status !== 401) throw error;
    if ((await renewed()) === null) location.reload();
    return (await call("POST", "/api/realtime/tickets")).ticket;
  }
}

async function open() {
  show("Connecting", false);
  let admitted;
  try {
    admitted = await ticket();
  } catch {
    return later();
  }
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, "larder.v1");
  socket.onopen = () => send({ type: "hello", ticket: admitted });
  socket.onmessage = (message) => hear(JSON.parse(message.data));
  socket.onclose = later;
}

function send(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function later() {
  socket = null;
  if (me === null) return;
  show("Reconnecting", false);
  attempts += 1;
  const most = Math.min(15_000, 500 * 2 ** attempts);
  setTimeout(open, most * (0.5 + Math.random() / 2));
}

async function hear(frame) {
  note(frame.position);
  if (frame.type === "welcome") {
    attempts = 0;
    epoch = frame.epoch;
    const topics = me.role === "driver" ? ["orders", "offers"] : ["orders"];
    for (const topic of topics) send({ type: "subscribe", topic, after: positions.get(topic) });
  } else if (frame.type === "subscribed") {
    const fresh = !positions.has(frame.topic);
    positions.set(frame.topic, { epoch, seq: frame.seq });
    show("Live", true);
    if (fresh) await fetched(frame.topic);
  } else if (frame.type === "resync") {
    epoch = frame.epoch;
    positions.set(frame.topic, { epoch, seq: frame.seq });
    await fetched(frame.topic);
  } else if (frame.type === "at") {
    for (const topic of positions.keys()) positions.set(topic, { epoch, seq: frame.seq });
  } else if (frame.type === "event") {
    positions.set(frame.topic, { epoch, seq: frame.seq });
    take(frame.order, frame.event === "OrderLeft" ? frame.topic : null);
    render();
  }
}

async function fetched(topic) {
  try {
    const page = await call("GET", `/api/orders?limit=${SHOWN}${topic === "offers" ? "&offers=true" : ""}`);
    page.items.forEach((order) => take(order, null));
    render();
  } catch (error) {
    trouble(error);
  }
}

/** `left`: the topic on which the order is out of sight now. Who claimed an offer keeps it on the other one. */
function take(order, left) {
  const known = versions.get(order.id) ?? 0;
  if (left !== null) {
    if (order.version >= known && !mine(orders.get(order.id), left, order.version)) orders.delete(order.id);
    versions.set(order.id, Math.max(known, order.version));
  } else if (order.version > known || (order.version === known && !orders.has(order.id))) {
    versions.set(order.id, order.version);
    orders.set(order.id, order);
  }
}

function mine(order, left, version) {
  return left === "offers" && order?.version === version && order.driver_id === me.id;
}

async function step(order, to, button) {
  button.disabled = true;
  trouble(null);
  try {
    const body = { to, expected_version: order.version };
    const path = `/api/orders/${order.id}/transitions`;
    take(await call("POST", path, body, { "Idempotency-Key": crypto.randomUUID() }), null);
  } catch (error) {
    trouble(error);
  }
  render();
}

function render() {
  const shown = [...orders.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(0, SHOWN);
  const open = shown.filter((order) => NEXT[me.role][order.status]).length;
  $("summary").textContent = shown.length === 0 ? "Nothing here yet." : `${shown.length} shown, ${open} waiting for you`;
  $("orders").replaceChildren(...shown.map(card));
}

function card(order) {
  const item = $("order").content.firstElementChild.cloneNode(true);
  const [name, when, where] = item.querySelectorAll("h2, p");
  const [pill, button] = item.querySelectorAll(".pill, button");
  name.textContent = me.role === "restaurant" ? `Order ${order.number}` : order.restaurant_name;
  const lines = order.lines ?? order.items.length;
  const total = (order.total_cents / 100).toLocaleString(undefined, { style: "currency", currency: "USD" });
  const time = new Date(order.created_at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  when.textContent = `${time} · ${lines} ${lines === 1 ? "line" : "lines"} · ${total}`;
  where.textContent = [`No. ${order.number}`, order.address, order.driver_name].filter(Boolean).join(" · ");
  pill.textContent = order.status === "ready" && order.driver_id === null ? "Open offer" : STATES[order.status];
  pill.toggleAttribute("data-good", order.status === "delivered");
  const next = NEXT[me.role][order.status];
  button.hidden = next === undefined;
  if (next !== undefined) {
    button.textContent = next[1];
    button.setAttribute("aria-label", `${next[1]}: ${name.textContent}, number ${order.number}`);
    button.onclick = () => step(order, next[0], button);
  }
  return item;
}

function show(text, good) {
  $("link").textContent = text;
  $("link").toggleAttribute("data-good", good);
}

function trouble(error) {
  $("trouble").textContent = error === null ? "" : error.message;
}

$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  trouble(null);
  try {
    await call("POST", "/api/accounts/sessions", { email: $("email").value, password: $("password").value });
    $("password").value = "";
    localStorage.setItem(WAS_HERE, "yes");
    await begin();
  } catch (error) {
    trouble(error);
  }
});

$("leave").addEventListener("click", async () => {
  me = null;
  localStorage.removeItem(WAS_HERE);
  socket?.close();
  await call("DELETE", "/api/accounts/sessions/current").catch(trouble);
  location.reload();
});

setInterval(async () => {
  if (me !== null && (await renewed().catch(() => me)) !== null) send({ type: "auth", ticket: await ticket() });
}, RENEW_MS);

begin().catch(trouble);
