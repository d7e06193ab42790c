// A usual hour of the shop, at a fixed rate: reading most, ordering some, signing in rarely. Each iteration is one
// request. An order that was placed here is carried on by the admin and a driver of its zone, one step at a time, once the
// stock has confirmed it; until then they look at it.
//
// Settings: CAST and SUMMARY (files, see __main__.py), RATE (requests a second), SECONDS.

import http from "k6/http";
import { check } from "k6";
import exec from "k6/execution";

const cast = JSON.parse(open(__ENV.CAST));
const rate = Number(__ENV.RATE), seconds = Number(__ENV.SECONDS);

// Of a hundred requests.
const MIX = [
    ["search", 22, search],
    ["products", 10, products],
    ["product", 10, product],
    ["categories", 2, categories],
    ["list own", 17, listOwn],
    ["list own by status", 3, listByStatus],
    ["list as admin", 4, listAsAdmin],
    ["list as driver", 4, listAsDriver],
    ["order", 8, order],
    ["history", 2, history],
    ["place", 3, place],
    ["step", 13, step],
    ["me", 1.5, me],
    ["sign in", 0.5, signIn],
];
const WORDS = ["milk", "bread", "frozen pizza", "cheese", "apple", "chicken", "soup", "coffee", "rice", "yogurt", "juice"];
const STATES = ["pending", "confirmed", "preparing", "ready", "out_for_delivery", "delivered"];

export const options = {
    scenarios: {
        shop: {
            executor: "constant-arrival-rate",
            rate,
            timeUnit: "1s",
            duration: `${seconds}s`,
            preAllocatedVUs: 30,
            maxVUs: 200,
            gracefulStop: "5s",
        },
    },
    thresholds: {
        http_req_duration: ["p(95)<200"],
        http_req_failed: ["rate<0.01"],
        checks: ["rate>0.99"],
        // What could not be sent in time was not measured: then the rate was not held.
        dropped_iterations: [`count<${Math.max(1, rate * seconds * 0.01)}`],
        // No bounds: they make k6 keep the times of each kind.
        ...Object.fromEntries(MIX.map(([name]) => [`http_req_duration{name:${name}}`, ["max>=0"]])),
    },
    summaryTrendStats: ["count", "med", "p(95)", "p(99)", "max"],
};

// Of this VU: orders on their way, and ids of orders with the person whose they are.
const onTheWay = [], known = [];
const KNOWN_MAX = 50;

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const bearer = (person) => ({ Authorization: `Bearer ${person.token}` });
let now = "";

function get(path, person) {
    const headers = person ? bearer(person) : {};
    return http.get(cast.edge + path, { headers, tags: { name: now } });
}

function post(path, person, body, key) {
    const headers = { "Content-Type": "application/json", ...(person ? bearer(person) : {}) };
    if (key) headers["Idempotency-Key"] = key;
    return http.post(cast.edge + path, JSON.stringify(body), { headers, tags: { name: now } });
}

const uniqueKey = () => `${exec.scenario.startTime}-${exec.scenario.iterationInTest}`;

export default function () {
    let left = Math.random() * 100;
    for (const [name, share, act] of MIX) {
        left -= share;
        if (left < 0 || name === "sign in") {
            now = name;
            const answer = act();
            check(answer, { "answered 2xx": (it) => it.status >= 200 && it.status < 300 });
            return;
        }
    }
}

function search() { return get(`/api/catalog/products?q=${encodeURIComponent(pick(WORDS))}`); }
function products() { return get("/api/catalog/products"); }
function product() { return get(`/api/catalog/products/${pick(cast.products).product_id}`); }
function categories() { return get("/api/catalog/categories"); }
function listOwn() { return get("/api/orders", pick(cast.restaurants)); }
function listByStatus() { return get(`/api/orders?status=${pick(STATES)}`, pick(cast.restaurants)); }
function listAsAdmin() { return get("/api/orders?status=pending", cast.admin); }
function listAsDriver() { return get(pick(["/api/orders", "/api/orders?offers=true"]), pick(cast.drivers)); }
function me() { return get("/api/accounts/me", pick(cast.restaurants)); }
function signIn() {
    return post("/api/accounts/sessions", null, { email: pick(cast.restaurants).email, password: cast.password });
}

// Who has placed nothing yet looks at the list.
function order() {
    const one = pick(known);
    return one ? get(`/api/orders/${one.id}`, one.person) : listInstead();
}

function history() {
    const one = pick(known);
    return one ? get(`/api/orders/${one.id}/history`, one.person) : listInstead();
}

function listInstead() {
    now = "list own";
    return listOwn();
}

function place() {
    now = "place";
    const person = pick(cast.restaurants), wanted = new Map();
    const lines = 1 + Math.floor(Math.random() * 19);
    while (wanted.size < lines) {
        const one = pick(cast.products);
        wanted.set(one.product_id, { ...one, quantity: 1 + Math.floor(Math.random() * 9) });
    }
    const answer = post("/api/orders", person, { items: [...wanted.values()] }, uniqueKey());
    if (answer.status === 201) {
        const placed = answer.json();
        onTheWay.push(placed);
        known.push({ id: placed.id, person });
        if (known.length > KNOWN_MAX) known.shift();
    }
    return answer;
}

const NEXT = { confirmed: "preparing", preparing: "ready", ready: "out_for_delivery", out_for_delivery: "delivered" };

// The next step of the oldest order on its way; a driver of its zone takes and delivers it.
function step() {
    const one = onTheWay.shift();
    if (!one) return place();
    if (one.status === "pending") return look(one);
    const to = NEXT[one.status];
    const byDriver = one.status === "ready" || one.status === "out_for_delivery";
    const person = byDriver ? cast.drivers.find((driver) => driver.zone === one.zone) : cast.admin;
    const answer = post(`/api/orders/${one.id}/transitions`, person, { to, expected_version: one.version }, uniqueKey());
    if (answer.status === 200 && NEXT[to]) onTheWay.push(answer.json());
    return answer;
}

function look(one) {
    now = "order";
    const answer = get(`/api/orders/${one.id}`, cast.admin);
    if (answer.status === 200 && answer.json().status !== "rejected") onTheWay.push(answer.json());
    return answer;
}

export function handleSummary(data) {
    const row = (values) => ({
        count: values.count, p50: values.med, p95: values["p(95)"], p99: values["p(99)"], max: values.max,
    });
    const metrics = data.metrics;
    const by_name = { all: row(metrics.http_req_duration.values) };
    for (const [name] of MIX) {
        const metric = metrics[`http_req_duration{name:${name}}`];
        if (metric && metric.values.count) by_name[name] = row(metric.values);
    }
    const summary = {
        requests: metrics.http_reqs.values.count,
        per_second: metrics.http_reqs.values.rate,
        failed: metrics.http_req_failed.values.rate,
        dropped: metrics.dropped_iterations ? metrics.dropped_iterations.values.count : 0,
        by_name,
    };
    return { [__ENV.SUMMARY]: JSON.stringify(summary) };
}
