// Fifty drivers with open sockets while orders are placed and moved at a fixed rate: how long it takes from the request
// that is sent to the frame that each driver concerned receives, and that every frame comes, once, in order.
//
// One virtual user has all the sockets and sends all the requests, without waiting for answers: so who sends and who
// receives share a memory and a clock. What its own event loop takes is part of what is measured.
//
// Settings: CAST and SUMMARY (files, see __main__.py), RATE (requests a second), SECONDS.

import http from "k6/http";
import { check } from "k6";
import { Counter, Trend } from "k6/metrics";
import { WebSocket } from "k6/experimental/websockets";

const cast = JSON.parse(open(__ENV.CAST));
const rate = Number(__ENV.RATE), seconds = Number(__ENV.SECONDS);

const TICK_MS = 5;
const UNDER_WAY_MAX = 200; // requests without an answer; past them one is not sent, and counted
const SETTLE_MS = 5000; // for the last frames
const OPEN_MS = 30000; // for all sockets, a ticket's life

// Of an order: who does the step, and which drivers are concerned.
const NEXT = { confirmed: "preparing", preparing: "ready", ready: "out_for_delivery", out_for_delivery: "delivered" };
const NAMES = { confirmed: "prepare", preparing: "offer", ready: "claim", out_for_delivery: "deliver" };
const HEARD = ["offer", "claim", "deliver"];

const frameMs = new Trend("frame_ms", true);
const missing = new Counter("frames_missing"); // that did not come
const wrong = new Counter("frames_wrong"); // that came again, late, to somebody else, or said resync
const broken = new Counter("sockets_broken");
const late = new Counter("requests_not_sent");
const completed = new Counter("runs_completed"); // or nothing would be held, for want of frames

export const options = {
    scenarios: {
        drivers: {
            executor: "per-vu-iterations",
            vus: 1,
            iterations: 1,
            maxDuration: `${seconds + 120}s`,
        },
    },
    thresholds: {
        frame_ms: ["p(99)<200"],
        frames_missing: ["count==0"],
        frames_wrong: ["count==0"],
        sockets_broken: ["count==0"],
        http_req_failed: ["rate==0"],
        checks: ["rate==1"],
        runs_completed: ["count==1"],
        // What could not be sent in time was not measured: then the rate was not held.
        requests_not_sent: [`count<${Math.max(1, rate * seconds * 0.01)}`],
        // No bounds: they make k6 keep the times of each kind.
        ...Object.fromEntries(HEARD.map((step) => [`frame_ms{step:${step}}`, ["max>=0"]])),
        ...Object.fromEntries(
            ["place", "look", ...Object.values(NAMES)].map((name) => [`http_req_duration{name:${name}}`, ["max>=0"]]),
        ),
    },
    summaryTrendStats: ["count", "med", "p(95)", "p(99)", "max"],
};

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const headers = (person) => ({ "Content-Type": "application/json", Authorization: `Bearer ${person.token}` });

// Orders whose last step was answered, the oldest first; and what of each version somebody has to hear yet.
const onTheWay = [], ours = new Set(), awaited = new Map();
let drivers = [], underWay = 0, keys = 0, ending = false;

export default async function () {
    for (const counter of [missing, wrong, broken, late]) counter.add(0);
    drivers = cast.listeners.map(signIn);
    await Promise.all(drivers.map(connect));
    await pace();
    await settle();
    for (const expected of awaited.values()) missing.add(expected.who.size);
    completed.add(1);
    ending = true;
    for (const driver of drivers) driver.socket.close();
}

function signIn(email) {
    const answer = http.post(`${cast.edge}/api/accounts/sessions`, JSON.stringify({ email, password: cast.password }), {
        headers: { "Content-Type": "application/json" },
        tags: { name: "sign in" },
    });
    check(answer, { "signed in": (it) => it.status === 201 });
    return { token: answer.json("access_token"), zone: answer.json("person.zone"), last: new Map() };
}

// A socket with a driver's two topics; resolves once both are subscribed.
function connect(driver) {
    const answer = http.post(`${cast.edge}/api/realtime/tickets`, null, {
        headers: headers(driver),
        tags: { name: "ticket" },
    });
    const socket = driver.socket = new WebSocket(`${cast.edge.replace("http", "ws")}/ws`, ["larder.v1"]);
    const say = (frame) => socket.send(JSON.stringify(frame));
    return new Promise((ready, fail) => {
        const patience = setTimeout(() => fail(new Error("a socket was not open in time")), OPEN_MS);
        let subscribed = 0;
        socket.onopen = () => say({ type: "hello", ticket: answer.json("ticket") });
        socket.onmessage = (message) => {
            const frame = JSON.parse(message.data);
            if (frame.type === "event") hear(driver, frame, message.timestamp);
            else if (frame.type === "welcome") for (const topic of ["orders", "offers"]) say({ type: "subscribe", topic });
            else if (frame.type === "resync") wrong.add(1);
            else if (frame.type === "subscribed" && ++subscribed === 2) {
                clearTimeout(patience);
                ready();
            }
        };
        socket.onclose = () => { if (!ending) broken.add(1); };
    });
}

function hear(driver, frame, at) {
    const { id, version } = frame.order;
    if (!ours.has(id)) return; // of somebody else who uses this stack
    const key = `${id}/${version}`, expected = awaited.get(key), seen = `${frame.topic}/${id}`;
    if (!expected || !expected.who.delete(earOf(driver, frame.topic)) || version <= (driver.last.get(seen) || 0)) {
        wrong.add(1);
        return;
    }
    driver.last.set(seen, version);
    frameMs.add(at - expected.sentAt, { step: expected.step });
    if (!expected.who.size) awaited.delete(key);
}

const earOf = (driver, topic) => `${drivers.indexOf(driver)}/${topic}`;

// Sends at the rate, whatever the answers take, until the time is over.
function pace() {
    return new Promise((done) => {
        const began = Date.now();
        let sent = 0;
        const timer = setInterval(() => {
            const elapsed = Date.now() - began;
            for (; sent < (Math.min(elapsed, seconds * 1000) * rate) / 1000; sent++) {
                if (underWay < UNDER_WAY_MAX) act();
                else late.add(1);
            }
            if (elapsed >= seconds * 1000) {
                clearInterval(timer);
                done();
            }
        }, TICK_MS);
    });
}

// Until everything is answered and heard, or has had its time.
function settle() {
    return new Promise((done) => {
        const until = Date.now() + SETTLE_MS;
        const timer = setInterval(() => {
            if ((underWay || awaited.size) && Date.now() < until) return;
            clearInterval(timer);
            done();
        }, TICK_MS);
    });
}

// The next step of the oldest order on its way, or a new order. What the stock has not answered yet is looked at.
function act() {
    const order = onTheWay.shift();
    if (order && order.status === "pending") look(order);
    else if (order) step(order);
    else place();
}

async function place() {
    const wanted = new Map();
    const lines = 1 + Math.floor(Math.random() * 19);
    while (wanted.size < lines) {
        const one = pick(cast.products);
        wanted.set(one.product_id, { ...one, quantity: 1 + Math.floor(Math.random() * 9) });
    }
    await send("place", "/api/orders", pick(cast.restaurants), { items: [...wanted.values()] });
}

async function step(order) {
    const name = NAMES[order.status], version = order.version + 1, zone = drivers.filter((one) => one.zone === order.zone);
    let person = cast.admin;
    if (name === "claim") person = order.driver = pick(zone);
    if (name === "deliver") person = order.driver;
    const who = new Set();
    if (name === "offer" || name === "claim") for (const driver of zone) who.add(earOf(driver, "offers"));
    if (name === "claim" || name === "deliver") who.add(earOf(person, "orders"));
    const key = `${order.id}/${version}`;
    if (who.size) awaited.set(key, { sentAt: Date.now(), step: name, who });
    const body = { to: NEXT[order.status], expected_version: order.version };
    const moved = await send(name, `/api/orders/${order.id}/transitions`, person, body, order.driver);
    if (!moved) awaited.delete(key);
}

const look = (order) => ask("look", "GET", `/api/orders/${order.id}`, null, headers(cast.admin));

function send(name, path, person, body, driver) {
    const keyed = { ...headers(person), "Idempotency-Key": `${began}-${keys++}` };
    return ask(name, "POST", path, JSON.stringify(body), keyed, driver);
}

// Whether it was done; then the order is the last of those on their way, or at its end.
async function ask(name, method, path, body, headers, driver) {
    underWay++;
    const answer = await http.asyncRequest(method, cast.edge + path, body, { headers, tags: { name } });
    underWay--;
    const done = check(answer, { "answered 2xx": (it) => it.status >= 200 && it.status < 300 });
    if (!done) return false;
    const { id, version, status, zone } = answer.json();
    ours.add(id);
    if (NEXT[status] || status === "pending") onTheWay.push({ id, version, status, zone, driver });
    return true;
}

const began = `realtime-${Date.now()}`;

export function handleSummary(data) {
    const metrics = data.metrics;
    const row = ({ values }) => ({
        count: values.count, p50: values.med, p95: values["p(95)"], p99: values["p(99)"], max: values.max,
    });
    const rows = (metric, tag, names) => ({
        all: row(metrics[metric]),
        ...Object.fromEntries(
            names.map((name) => [name, metrics[`${metric}{${tag}:${name}}`]])
                .filter(([, found]) => found && found.values.count)
                .map(([name, found]) => [name, row(found)]),
        ),
    });
    const count = (name) => (metrics[name] ? metrics[name].values.count : 0);
    const summary = {
        requests: count("http_reqs"),
        per_second: metrics.http_reqs.values.rate,
        failed: metrics.http_req_failed.values.rate,
        dropped: count("requests_not_sent"),
        by_name: rows("http_req_duration", "name", ["place", "look", ...Object.values(NAMES)]),
        frames: {
            sockets: cast.listeners.length,
            missing: count("frames_missing"),
            wrong: count("frames_wrong"),
            broken: count("sockets_broken"),
            by_step: metrics.frame_ms ? rows("frame_ms", "step", HEARD) : {},
        },
    };
    return { [__ENV.SUMMARY]: JSON.stringify(summary) };
}
