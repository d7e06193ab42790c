// Written by `just contracts`; a test compares.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Auth
         * @description A fresh ticket of the same person, before the token of the last one runs out.
         */
        Auth: {
            ticket: string;
            /** @enum {unknown} */
            type: "auth";
        };
        /**
         * Hello
         * @description The first frame. `resume` is the default position of the topics subscribed later.
         */
        Hello: {
            /** @default null */
            resume?: components["schemas"]["Position"] | null;
            ticket: string;
            /** @enum {unknown} */
            type: "hello";
        };
        /**
         * Position
         * @description A place in the ORDERS stream: valid only under its epoch.
         */
        Position: {
            epoch: string;
            seq: number;
        };
        /**
         * SendLocation
         * @description From a driver on the way, at most one a second.
         */
        SendLocation: {
            lat: number;
            lon: number;
            /** @enum {unknown} */
            type: "location";
        };
        /**
         * Subscribe
         * @description Begins a topic, anew if it is subscribed already: after the position, or from now on.
         */
        Subscribe: {
            /** @default null */
            after?: components["schemas"]["Position"] | null;
            topic: string;
            /** @enum {unknown} */
            type: "subscribe";
        };
        /**
         * Unsubscribe
         * @description Ends a topic.
         */
        Unsubscribe: {
            topic: string;
            /** @enum {unknown} */
            type: "unsubscribe";
        };
        ClientFrame: components["schemas"]["Hello"] | components["schemas"]["Subscribe"] | components["schemas"]["Unsubscribe"] | components["schemas"]["Auth"] | components["schemas"]["SendLocation"];
        /**
         * AlertState
         * @description On topic `alerts`, right after `subscribed` and on each change: all that fires, the newest first. It replaces the
         *     one before, so it has no seq, and nothing to resume. While nobody judges (`judged` is false) `firing` is the last
         *     that was known; `at` is when that was, null before the first time.
         */
        AlertState: {
            at: string | null;
            firing: components["schemas"]["FiringAlert"][];
            judged: boolean;
            topic: string;
            /** @enum {unknown} */
            type: "alert";
        };
        /**
         * At
         * @description With each heartbeat: nothing of yours up to `seq` is outstanding; `position` is that of the last event.
         */
        At: {
            /** @description Send it as X-Larder-Position */
            position?: string;
            seq: number;
            /** @enum {unknown} */
            type: "at";
        };
        /**
         * Drain
         * @description This server is about to stop: come back after so many milliseconds, and resume.
         */
        Drain: {
            reconnect_after_ms: number;
            /** @enum {unknown} */
            type: "drain";
        };
        /**
         * DriverLocation
         * @description Where the driver of an order on the way was `at`. Not stored, without a seq: one that is lost is lost.
         */
        DriverLocation: {
            /** Format: date-time */
            at: string;
            lat: number;
            lon: number;
            /** Format: uuid */
            order_id: string;
            /** @enum {unknown} */
            type: "location";
        };
        /**
         * Event
         * @description `order` is the order as in proto.orders, or LeftOrder when `event` is OrderLeft. What is read with `position` is
         *     as new as that at least.
         */
        Event: {
            event: string;
            /** Format: date-time */
            occurred_at: string;
            order: components["schemas"]["Order"] | components["schemas"]["LeftOrder"];
            /** @description Send it as X-Larder-Position */
            position?: string;
            seq: number;
            topic: string;
            /** @enum {unknown} */
            type: "event";
        };
        /**
         * FiringAlert
         * @description `summary` is what people notice, with the value as it was when it fired; `action` is what to do first; `runbook`
         *     has the whole of it. `since` is when it began to fire.
         */
        FiringAlert: {
            action: string;
            /** Format: uuid */
            id: string;
            labels: {
                [key: string]: string;
            };
            name: string;
            runbook: string;
            /** @enum {unknown} */
            severity: "page" | "ticket";
            /** Format: date-time */
            since: string;
            summary: string;
            value: number;
        };
        /**
         * Item
         * @description One line: `price_cents` is the price of one `unit` when the order was placed.
         */
        Item: {
            name: string;
            price_cents: number;
            /** Format: uuid */
            product_id: string;
            quantity: number;
            unit: string;
        };
        /**
         * LeftOrder
         * @description All that is told of an order to somebody who may no longer see it.
         */
        LeftOrder: {
            /** Format: uuid */
            id: string;
            /** @default null */
            status: null;
            version: number;
        };
        /**
         * Location
         * @description WGS 84 degrees.
         */
        Location: {
            lat: number;
            lon: number;
        };
        /**
         * Order
         * @description An order at one version. `reason` belongs to a rejection, cancellation or failure; `stop` is the place in the
         *     driver's route; `zone` is copied from the restaurant when the order is placed and never changes.
         */
        Order: {
            address: string;
            /** Format: date-time */
            created_at: string;
            driver_id: string | null;
            driver_name: string | null;
            /** Format: uuid */
            id: string;
            items: components["schemas"]["Item"][];
            location: components["schemas"]["Location"];
            note: string | null;
            number: number;
            reason: string | null;
            /** Format: uuid */
            restaurant_id: string;
            restaurant_name: string;
            shortages: components["schemas"]["Shortage"][];
            /** @enum {unknown} */
            status: "cancelled" | "confirmed" | "delivered" | "failed" | "out_for_delivery" | "pending" | "preparing" | "ready" | "rejected";
            stop: number | null;
            total_cents: number;
            /** Format: date-time */
            updated_at: string;
            version: number;
            zone: number;
        };
        /**
         * Resync
         * @description The position is void or too old: fetch once, with `position` or else with `Cache-Control: no-cache`; events of
         *     the topic go on after `seq` of the stream with `epoch`.
         */
        Resync: {
            epoch: string;
            /** @description Send it as X-Larder-Position */
            position?: string;
            seq: number;
            topic: string;
            /** @enum {unknown} */
            type: "resync";
        };
        /**
         * Shortage
         * @description A line the stock could not cover.
         */
        Shortage: {
            available: number;
            name: string;
            /** Format: uuid */
            product_id: string;
            requested: number;
        };
        /**
         * Subscribed
         * @description Events of the topic start after `seq`: replayed ones first. What is fetched with `position` has all before.
         */
        Subscribed: {
            /** @description Send it as X-Larder-Position */
            position?: string;
            seq: number;
            topic: string;
            /** @enum {unknown} */
            type: "subscribed";
        };
        /**
         * Unsubscribed
         * @description Nothing more comes of the topic.
         */
        Unsubscribed: {
            topic: string;
            /** @enum {unknown} */
            type: "unsubscribed";
        };
        /**
         * Welcome
         * @description `seq` is the head of the stream, never a position.
         */
        Welcome: {
            epoch: string;
            heartbeat_s: number;
            seq: number;
            /** @enum {unknown} */
            type: "welcome";
        };
        ServerFrame: components["schemas"]["Welcome"] | components["schemas"]["Subscribed"] | components["schemas"]["Unsubscribed"] | components["schemas"]["Event"] | components["schemas"]["At"] | components["schemas"]["Resync"] | components["schemas"]["DriverLocation"] | components["schemas"]["AlertState"] | components["schemas"]["Drain"];
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
