// Written by `just contracts`; a test compares.

export interface paths {
    "/api/analytics/kpis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the business comes to, and came to before
         * @description Of all, or of one restaurant, beside the same of the period before.
         */
        get: operations["ApiAnalyticsKpisGetKpis"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/revenue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Orders and revenue, hour by hour, day by day or week by week
         * @description The first and the last are cut to the range, so that all together are what the range comes to. At most 1,000.
         */
        get: operations["ApiAnalyticsRevenueGetRevenue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many were delivered, and when
         * @description On time is what was delivered within a day of its order.
         */
        get: operations["ApiAnalyticsDeliveriesGetDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/stages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How long orders stay in each state
         * @description In the order in which they come. Of whole days of the business's zone.
         */
        get: operations["ApiAnalyticsStagesGetStages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/projection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far the orders are counted
         * @description The position in the stream of orders, and the moment up to which all is counted that happened.
         */
        get: operations["ApiAnalyticsProjectionGetProjection"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/products/top": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Products that sold best
         * @description In orders neither rejected nor cancelled.
         */
        get: operations["ApiAnalyticsProductsTopGetTopProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/restaurants/top": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Restaurants that brought most
         * @description By revenue.
         */
        get: operations["ApiAnalyticsRestaurantsTopGetTopRestaurants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/categories/top": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Categories that sold best
         * @description By revenue, in orders neither rejected nor cancelled.
         */
        get: operations["ApiAnalyticsCategoriesTopGetTopCategories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/drivers/top": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Drivers who delivered most
         * @description With how long their deliveries took, from the order on.
         */
        get: operations["ApiAnalyticsDriversTopGetTopDrivers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/cancellations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why orders were cancelled and rejected
         * @description The most frequent reasons first.
         */
        get: operations["ApiAnalyticsCancellationsGetCancellations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The orders behind a number, newest first
         * @description Those placed in the range, by the same parameters as the number.
         */
        get: operations["ApiAnalyticsOrdersListOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/exports/revenue.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Orders and revenue as a CSV file
         * @description The series, a line a bucket.
         */
        get: operations["ApiAnalyticsExportsRevenueCsvExportRevenue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/exports/orders.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The orders behind a number as a CSV file
         * @description Newest first, a line an order.
         */
        get: operations["ApiAnalyticsExportsOrdersCsvExportOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/analytics/exports/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What comes first as a CSV file
         * @description The whole of it. Restaurants, categories and drivers are the business's alone, and for admins.
         */
        get: operations["ApiAnalyticsExportsFileExportTop"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What fires, and what has fired
         * @description Live on the socket's topic `alerts`. What is over is kept for 90 days.
         */
        get: operations["ApiPerformanceAlertsListAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/database": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the database and the processes do
         * @description Connections, locks, replicas, slots, pools, streams, outboxes; `missing` and `silent` name what is not told.
         */
        get: operations["ApiPerformanceDatabaseGetDatabase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/pools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who has connections, and who waits for one
         * @description Of each process's own pool and of the pooler, with how long was waited since the last snapshot.
         */
        get: operations["ApiPerformancePoolsGetPools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far events have come
         * @description What waits in the outboxes, and how far behind every consumer is.
         */
        get: operations["ApiPerformanceStreamsGetStreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/queries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What each query costs, and against before
         * @description By name, with its file and line. At most 24 hours at once.
         */
        get: operations["ApiPerformanceQueriesListQueries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/slow-queries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What took over 100 ms, with its plan
         * @description By name, with its file and line, its figures and every plan that was seen. At most 24 hours at once.
         */
        get: operations["ApiPerformanceSlowQueriesListSlowQueries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/tables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tables: size, bloat, dead rows, vacuum
         * @description The largest first. Bloat is an estimate.
         */
        get: operations["ApiPerformanceTablesListTables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/indexes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Indexes: size, use, and those that could go or are missing
         * @description Use is that of the primary; an index that only a replica reads by looks unused here.
         */
        get: operations["ApiPerformanceIndexesListIndexes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/performance/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Some figures over time
         * @description Of the snapshots, at most 1,000 points.
         */
        get: operations["ApiPerformanceHistoryGetHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** AlertsPage */
        AlertsPage: {
            as_of: string | null;
            firing: components["schemas"]["FiringAlert"][];
            items: components["schemas"]["EndedAlert"][];
            next_cursor: string | null;
        };
        /** Blocked */
        Blocked: {
            pid: number;
            role: string;
            statement: string | null;
            seconds: number | null;
            waits_for: string;
            mode: string;
            relation: string | null;
            blocker_pid: number;
            blocker_role: string;
            blocker_application: string;
            blocker_state: string | null;
            blocker_statement: string | null;
            blocker_seconds: number | null;
        };
        /** Bucket */
        Bucket: {
            /** Format: date-time */
            at: string;
            orders: number;
            revenue_cents: number;
        };
        /** CacheReport */
        CacheReport: {
            /** @enum {string} */
            kind: "product" | "order" | "session";
            processes: number;
            in_step: number;
            reads: number;
            hit_ratio: number | null;
        };
        /** Cancellations */
        Cancellations: {
            as_of: string | null;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            orders: number;
            cancelled: number;
            rejected: number;
            items: components["schemas"]["Reason"][];
            other_reasons: number;
        };
        /** Connections */
        Connections: {
            role: string;
            application: string;
            state: string;
            connections: number;
        };
        /** Consumer */
        Consumer: {
            name: string;
            durable: boolean;
            behind: number;
            unacknowledged: number;
            redelivered: number;
            seq: number;
        };
        /** Costs */
        Costs: {
            executed: components["schemas"]["Executed"] | null;
            waited: components["schemas"]["Waited"] | null;
        };
        /** CountedOrder */
        CountedOrder: {
            /** Format: uuid */
            id: string;
            number: number;
            /** Format: uuid */
            restaurant_id: string;
            restaurant_name: string | null;
            driver_id: string | null;
            driver_name: string | null;
            /** @enum {string} */
            status: "pending" | "confirmed" | "rejected" | "preparing" | "ready" | "out_for_delivery" | "delivered" | "failed" | "cancelled";
            reason: string | null;
            version: number;
            lines: number;
            total_cents: number;
            /** Format: date-time */
            created_at: string;
            entered_at: string | null;
        };
        /** Deliveries */
        Deliveries: {
            as_of: string | null;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            delivered: number;
            on_time: number;
            late: number;
            on_time_share: number | null;
            promise_minutes: number;
            out_for_delivery: number;
            failed: number;
            delivery_minutes: components["schemas"]["Minutes"];
        };
        /** EndedAlert */
        EndedAlert: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            severity: "page" | "ticket";
            labels: {
                [key: string]: string;
            };
            summary: string;
            action: string;
            runbook: string;
            value: number;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
        };
        /** Executed */
        Executed: {
            calls: number;
            mean_ms: number;
            total_ms: number;
            share: number;
            rows_a_call: number;
            blocks_hit_a_call: number;
            blocks_read_a_call: number;
            blocks_temp_a_call: number;
        };
        /** FieldError */
        FieldError: {
            field: string;
            detail: string;
            /** @enum {null|string} */
            code?: "required" | "short" | "long" | "few" | "many" | "small" | "large" | "form" | "unknown" | "taken" | "wrong" | null;
            limit?: number | null;
        };
        /** Figures */
        Figures: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            orders: number;
            delivered: number;
            cancelled: number;
            rejected: number;
            revenue_cents: number;
            average_order_cents: number | null;
            delivery_minutes: components["schemas"]["Minutes"];
        };
        /** FiringAlert */
        FiringAlert: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            severity: "page" | "ticket";
            labels: {
                [key: string]: string;
            };
            summary: string;
            action: string;
            runbook: string;
            value: number;
            /** Format: date-time */
            since: string;
        };
        /** FollowerReport */
        FollowerReport: {
            process: string;
            instance: string;
            name: string;
            behind: number;
        };
        /** History */
        History: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            step_seconds: number;
            items: components["schemas"]["HistoryPoint"][];
        };
        /** HistoryPoint */
        HistoryPoint: {
            /** Format: date-time */
            at: string;
            connections: number;
            commits_a_second: number | null;
            hit_ratio: number | null;
            bytes: number;
            blocked: number;
            silent: number;
            busiest_pool: number | null;
            outbox_oldest_seconds: number | null;
            replica_lag_seconds: number | null;
        };
        /** IndexReport */
        IndexReport: {
            name: string;
            table: string;
            bytes: number;
            bloat_bytes: number | null;
            scans: number;
            rows_read: number;
            unique: boolean;
            constraint: boolean;
            valid: boolean;
            definition: string;
            same_as: string | null;
        };
        /** Indexes */
        Indexes: {
            /** Format: date-time */
            as_of: string;
            missing: components["schemas"]["Missing"][];
            since: string | null;
            unused: components["schemas"]["UnusedIndex"][];
            whole_reads: components["schemas"]["WholeRead"][];
            items: components["schemas"]["IndexReport"][];
        };
        /** Kpis */
        Kpis: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            orders: number;
            delivered: number;
            cancelled: number;
            rejected: number;
            revenue_cents: number;
            average_order_cents: number | null;
            delivery_minutes: components["schemas"]["Minutes"];
            as_of: string | null;
            previous: components["schemas"]["Figures"];
        };
        /** Minutes */
        Minutes: {
            p50: number | null;
            p95: number | null;
        };
        /** Missing */
        Missing: {
            what: string;
            why: string;
            mend: string;
        };
        /** Now */
        Now: {
            /** Format: date-time */
            as_of: string;
            missing: components["schemas"]["Missing"][];
            silent: components["schemas"]["Silent"][];
            server: components["schemas"]["Server"];
            rates: components["schemas"]["Rates"] | null;
            connections: components["schemas"]["Connections"][];
            transactions: components["schemas"]["Transaction"][];
            blocked: components["schemas"]["Blocked"][];
            replicas: components["schemas"]["Replica"][];
            slots: components["schemas"]["Slot"][];
            processes: components["schemas"]["ProcessReport"][];
            pools: components["schemas"]["PoolReport"][];
            pooler: components["schemas"]["Pooler"] | null;
            followers: components["schemas"]["FollowerReport"][];
            streams: components["schemas"]["StreamReport"][];
            outboxes: components["schemas"]["OutboxReport"][];
            cache: components["schemas"]["CacheReport"][];
        };
        /** OrderPage */
        OrderPage: {
            as_of: string | null;
            items: components["schemas"]["CountedOrder"][];
            next_cursor: string | null;
        };
        /** OutboxReport */
        OutboxReport: {
            context: string;
            oldest_seconds: number;
            parked: number;
            /** Format: date-time */
            seen_at: string;
        };
        /** PlanReport */
        PlanReport: {
            role: string;
            /** Format: date-time */
            first_seen: string;
            /** Format: date-time */
            last_seen: string;
            plan: {
                [key: string]: unknown;
            }[];
        };
        /** PoolReport */
        PoolReport: {
            process: string;
            instance: string;
            name: string;
            size: number;
            open: number;
            busy: number;
            waiting: number;
            acquired: number | null;
            wait_mean_ms: number | null;
            wait_p95_ms: number | null;
        };
        /** Pooler */
        Pooler: {
            version: string;
            connections: number;
            connections_limit: number;
            servers_a_role: number;
            average_wait_ms: number;
            average_query_ms: number;
            transactions_a_second: number;
            pools: components["schemas"]["PoolerPool"][];
        };
        /** PoolerPool */
        PoolerPool: {
            role: string;
            clients: number;
            waiting: number;
            longest_wait_seconds: number;
            servers_busy: number;
            servers_idle: number;
            servers_signing_in: number;
            mode: string;
        };
        /** Pools */
        Pools: {
            /** Format: date-time */
            as_of: string;
            missing: components["schemas"]["Missing"][];
            silent: components["schemas"]["Silent"][];
            pools: components["schemas"]["PoolReport"][];
            pooler: components["schemas"]["Pooler"] | null;
        };
        /** ProblemDocument */
        ProblemDocument: {
            type: string;
            title: string;
            status: number;
            detail: string;
            request_id: string;
            code?: string | null;
            /** @default [] */
            errors?: components["schemas"]["FieldError"][];
            retry_after_s?: number | null;
        };
        /** ProcessReport */
        ProcessReport: {
            process: string;
            instance: string;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            answered_at: string;
        };
        /** Projection */
        Projection: {
            epoch: string;
            seq: number;
            as_of: string | null;
            zone: string;
        };
        /** Queries */
        Queries: {
            as_of: string | null;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            missing: components["schemas"]["Missing"][];
            items: components["schemas"]["QueryReport"][];
        };
        /** QueryReport */
        QueryReport: {
            name: string | null;
            place: string | null;
            text: string | null;
            roles: string[];
            now: components["schemas"]["Costs"];
            before: components["schemas"]["Costs"];
            day_before: components["schemas"]["Costs"];
            change: number | null;
            change_of_day: number | null;
        };
        /** Rates */
        Rates: {
            seconds: number;
            commits_a_second: number;
            rollbacks_a_second: number;
            hit_ratio: number | null;
            temp_bytes: number;
            deadlocks: number;
        };
        /** Reason */
        Reason: {
            /** @enum {string} */
            status: "cancelled" | "rejected";
            reason: string;
            orders: number;
        };
        /** Replica */
        Replica: {
            name: string;
            state: string;
            sync_state: string;
            bytes_behind: number | null;
            write_lag_seconds: number | null;
            flush_lag_seconds: number | null;
            replay_lag_seconds: number | null;
        };
        /** Revenue */
        Revenue: {
            as_of: string | null;
            items: components["schemas"]["Bucket"][];
        };
        /** Server */
        Server: {
            version: string;
            /** Format: date-time */
            started_at: string;
            replica: boolean;
            bytes: number;
            connections: number;
            connections_limit: number;
            commits: number;
            rollbacks: number;
            blocks_hit: number;
            blocks_read: number;
            temp_bytes: number;
            deadlocks: number;
            counted_since: string | null;
            xid_age: number;
            xid_age_forced: number;
            statements: boolean;
        };
        /** Silent */
        Silent: {
            process: string;
            instance: string | null;
            answered_at: string | null;
        };
        /** Slot */
        Slot: {
            name: string;
            kind: string;
            active: boolean;
            wal_status: string | null;
            bytes_kept: number | null;
            bytes_left: number | null;
        };
        /** SlowQueries */
        SlowQueries: {
            as_of: string | null;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            missing: components["schemas"]["Missing"][];
            items: components["schemas"]["SlowQueryReport"][];
        };
        /** SlowQueryReport */
        SlowQueryReport: {
            name: string | null;
            place: string | null;
            text: string | null;
            roles: string[];
            times: number;
            longest_ms: number | null;
            last_at: string | null;
            now: components["schemas"]["Costs"];
            plans: components["schemas"]["PlanReport"][];
            plan_missing: string | null;
        };
        /** StageTime */
        StageTime: {
            /** @enum {string} */
            status: "pending" | "confirmed" | "rejected" | "preparing" | "ready" | "out_for_delivery" | "delivered" | "failed" | "cancelled";
            stays: number;
            minutes: components["schemas"]["Minutes"];
        };
        /** Stages */
        Stages: {
            as_of: string | null;
            items: components["schemas"]["StageTime"][];
        };
        /** StreamReport */
        StreamReport: {
            name: string;
            epoch: string;
            seq: number;
            events: number;
            bytes: number;
            consumers: components["schemas"]["Consumer"][];
        };
        /** Streams */
        Streams: {
            /** Format: date-time */
            as_of: string;
            missing: components["schemas"]["Missing"][];
            silent: components["schemas"]["Silent"][];
            outboxes: components["schemas"]["OutboxReport"][];
            streams: components["schemas"]["StreamReport"][];
            followers: components["schemas"]["FollowerReport"][];
        };
        /** TableReport */
        TableReport: {
            name: string;
            rows: number | null;
            bytes: number;
            heap_bytes: number;
            bloat_bytes: number | null;
            dead_rows: number;
            dead_share: number;
            vacuumed_at: string | null;
            analyzed_at: string | null;
            xid_age: number;
            whole_reads: number;
            rows_read_whole: number;
            index_reads: number;
            updates: number;
            updates_in_place: number;
        };
        /** Tables */
        Tables: {
            /** Format: date-time */
            as_of: string;
            missing: components["schemas"]["Missing"][];
            items: components["schemas"]["TableReport"][];
        };
        /** TopCategories */
        TopCategories: {
            as_of: string | null;
            items: components["schemas"]["TopCategory"][];
        };
        /** TopCategory */
        TopCategory: {
            category: string;
            orders: number;
            quantity: number;
            revenue_cents: number;
        };
        /** TopDriver */
        TopDriver: {
            /** Format: uuid */
            driver_id: string;
            name: string;
            orders: number;
            delivered: number;
            on_time: number;
            on_time_share: number | null;
            failed: number;
            revenue_cents: number;
            delivery_minutes: components["schemas"]["Minutes"];
        };
        /** TopDrivers */
        TopDrivers: {
            as_of: string | null;
            items: components["schemas"]["TopDriver"][];
        };
        /** TopProduct */
        TopProduct: {
            /** Format: uuid */
            product_id: string;
            sku: string | null;
            name: string | null;
            category: string | null;
            orders: number;
            quantity: number;
            revenue_cents: number;
        };
        /** TopProducts */
        TopProducts: {
            as_of: string | null;
            items: components["schemas"]["TopProduct"][];
        };
        /** TopRestaurant */
        TopRestaurant: {
            /** Format: uuid */
            restaurant_id: string;
            number: number;
            name: string;
            orders: number;
            delivered: number;
            cancelled: number;
            rejected: number;
            revenue_cents: number;
        };
        /** TopRestaurants */
        TopRestaurants: {
            as_of: string | null;
            items: components["schemas"]["TopRestaurant"][];
        };
        /** Transaction */
        Transaction: {
            pid: number;
            role: string;
            application: string;
            state: string;
            seconds: number;
            statement: string | null;
        };
        /** UnusedIndex */
        UnusedIndex: {
            name: string;
            table: string;
            bytes: number;
            definition: string;
            why: string;
        };
        /** Waited */
        Waited: {
            calls: number;
            mean_ms: number;
            p95_ms: number;
            total_ms: number;
        };
        /** WholeRead */
        WholeRead: {
            table: string;
            bytes: number;
            reads: number;
            rows_a_read: number;
            queries: string[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    ApiAnalyticsKpisGetKpis: {
        parameters: {
            query?: {
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Kpis"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsRevenueGetRevenue: {
        parameters: {
            query?: {
                /** @description Of the zone: its days, and its weeks from Monday */
                bucket?: "hour" | "day" | "week";
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revenue"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsDeliveriesGetDeliveries: {
        parameters: {
            query?: {
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsStagesGetStages: {
        parameters: {
            query?: {
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stages"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsProjectionGetProjection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Projection"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsProductsTopGetTopProducts: {
        parameters: {
            query?: {
                /** @description What the first has most of */
                by?: "revenue" | "quantity";
                /** @description How many */
                limit?: number;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopProducts"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsRestaurantsTopGetTopRestaurants: {
        parameters: {
            query?: {
                /** @description How many */
                limit?: number;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopRestaurants"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsCategoriesTopGetTopCategories: {
        parameters: {
            query?: {
                /** @description How many */
                limit?: number;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopCategories"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsDriversTopGetTopDrivers: {
        parameters: {
            query?: {
                /** @description How many */
                limit?: number;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopDrivers"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsCancellationsGetCancellations: {
        parameters: {
            query?: {
                /** @description How many */
                limit?: number;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cancellations"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsOrdersListOrders: {
        parameters: {
            query?: {
                /** @description Orders that are in this state now */
                status?: "pending" | "confirmed" | "rejected" | "preparing" | "ready" | "out_for_delivery" | "delivered" | "failed" | "cancelled" | null;
                /** @description Orders that were delivered, and not on time */
                late?: boolean;
                /** @description Orders that this driver has, or had last */
                driver_id?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
                /** @description next_cursor of the page before */
                cursor?: string | null;
                /** @description Entries a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsExportsRevenueCsvExportRevenue: {
        parameters: {
            query?: {
                /** @description Of the zone: its days, and its weeks from Monday */
                bucket?: "hour" | "day" | "week";
                /** @description semicolon: also amounts as 2,50, for spreadsheets that write so */
                separator?: "comma" | "semicolon";
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsExportsOrdersCsvExportOrders: {
        parameters: {
            query?: {
                /** @description Orders that are in this state now */
                status?: "pending" | "confirmed" | "rejected" | "preparing" | "ready" | "out_for_delivery" | "delivered" | "failed" | "cancelled" | null;
                /** @description Orders that were delivered, and not on time */
                late?: boolean;
                /** @description Orders that this driver has, or had last */
                driver_id?: string | null;
                /** @description semicolon: also amounts as 2,50, for spreadsheets that write so */
                separator?: "comma" | "semicolon";
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiAnalyticsExportsFileExportTop: {
        parameters: {
            query?: {
                /** @description semicolon: also amounts as 2,50, for spreadsheets that write so */
                separator?: "comma" | "semicolon";
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour; thirty days before `to` */
                from?: string | null;
                /** @description A date, its first moment in the zone, or a moment with its offset, at a whole hour, not itself counted; tomorrow */
                to?: string | null;
                /** @description IANA name of the zone whose dates and days are meant; else the business's own */
                timezone?: string | null;
                /** @description For an admin: one restaurant; else the whole business */
                restaurant_id?: string | null;
            };
            header?: never;
            path: {
                file: "products.csv" | "restaurants.csv" | "categories.csv" | "drivers.csv" | "cancellations.csv";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceAlertsListAlerts: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string | null;
                /** @description Entries a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertsPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceDatabaseGetDatabase: {
        parameters: {
            query?: {
                /** @description By the last snapshot until this moment: ISO 8601 with an offset. Now without */
                at?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Now"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformancePoolsGetPools: {
        parameters: {
            query?: {
                /** @description By the last snapshot until this moment: ISO 8601 with an offset. Now without */
                at?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pools"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceStreamsGetStreams: {
        parameters: {
            query?: {
                /** @description By the last snapshot until this moment: ISO 8601 with an offset. Now without */
                at?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Streams"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceQueriesListQueries: {
        parameters: {
            query?: {
                /** @description ISO 8601 with an offset; an hour before `to` without */
                from?: string | null;
                /** @description ISO 8601 with an offset; now without */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queries"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceSlowQueriesListSlowQueries: {
        parameters: {
            query?: {
                /** @description ISO 8601 with an offset; an hour before `to` without */
                from?: string | null;
                /** @description ISO 8601 with an offset; now without */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlowQueries"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceTablesListTables: {
        parameters: {
            query?: {
                /** @description By the last snapshot until this moment: ISO 8601 with an offset. Now without */
                at?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tables"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceIndexesListIndexes: {
        parameters: {
            query?: {
                /** @description By the last snapshot until this moment: ISO 8601 with an offset. Now without */
                at?: string | null;
                /** @description Use within so many days */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Indexes"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
    ApiPerformanceHistoryGetHistory: {
        parameters: {
            query?: {
                /** @description ISO 8601 with an offset; an hour before `to` without */
                from?: string | null;
                /** @description ISO 8601 with an offset; now without */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Additional response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDocument"];
                };
            };
        };
    };
}
