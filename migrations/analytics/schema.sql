-- The schema analytics, as its migrations make it. Written by `just schema`; a test compares.

-- Name: analytics; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA analytics;

-- Name: analyze_rebuild(); Type: FUNCTION; Schema: analytics; Owner: -

CREATE FUNCTION analytics.analyze_rebuild() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    name text;
begin
    foreach name in array analytics.rebuilt_tables() loop
        execute format('analyze analytics_rebuild.%I', name);
    end loop;
end
$$;

-- Name: begin_rebuild(text); Type: FUNCTION; Schema: analytics; Owner: -

CREATE FUNCTION analytics.begin_rebuild(zone text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    name text;
    definition text;
begin
    set local client_min_messages = warning;
    drop schema if exists analytics_rebuild cascade;
    create schema analytics_rebuild;
    grant usage on schema analytics_rebuild to analytics_service;
    foreach name in array analytics.rebuilt_tables() loop
        execute format(
            'create table analytics_rebuild.%1$I (like analytics.%1$I including all excluding indexes)', name
        );
        for definition in
            select format('alter table analytics_rebuild.%I set (%s)', name, array_to_string(reloptions, ', '))
            from pg_class
            where oid = format('analytics.%I', name)::regclass and reloptions is not null
            union all
            select format('alter table analytics_rebuild.%I add constraint %I %s', name, conname, pg_get_constraintdef(oid))
            from pg_constraint
            where conrelid = format('analytics.%I', name)::regclass and contype in ('p', 'u')
            union all
            select replace(pg_get_indexdef(indexrelid), ' ON analytics.', ' ON analytics_rebuild.')
            from pg_index
            where indrelid = format('analytics.%I', name)::regclass and indisvalid
                and not exists (select from pg_constraint where conindid = indexrelid)
        loop
            execute definition;
        end loop;
        execute format('grant select, insert, update, delete on analytics_rebuild.%I to analytics_service', name);
    end loop;
    insert into analytics_rebuild.projection (epoch, seq, as_of, zone) values ('', 0, null, zone);
    insert into analytics_rebuild.products (id, sku, name, category, current_category, version)
    select id, sku, product.name, current_category, current_category, version from analytics.products as product;
end
$_$;

-- Name: finish_rebuild(); Type: FUNCTION; Schema: analytics; Owner: -

CREATE FUNCTION analytics.finish_rebuild() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    name text;
begin
    foreach name in array analytics.rebuilt_tables() loop
        execute format('lock table analytics.%I in access exclusive mode', name);
    end loop;
    insert into analytics_rebuild.products as rebuilt (id, sku, name, category, current_category, version)
    select id, sku, product.name, category, current_category, version from analytics.products as product
    on conflict (id) do update
    set sku = excluded.sku, name = excluded.name, current_category = excluded.current_category, version = excluded.version
    where rebuilt.version < excluded.version;
    update analytics_rebuild.projection set generation = (select generation + 1 from analytics.projection);
    foreach name in array analytics.rebuilt_tables() loop
        execute format('drop table analytics.%I', name);
        execute format('alter table analytics_rebuild.%I set schema analytics', name);
    end loop;
    drop schema analytics_rebuild;
end
$$;

-- Name: rebuilt_tables(); Type: FUNCTION; Schema: analytics; Owner: -

CREATE FUNCTION analytics.rebuilt_tables() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN ARRAY['projection'::text, 'orders'::text, 'products'::text, 'totals'::text, 'histograms'::text, 'reasons'::text, 'category_sales'::text, 'product_sales'::text];

-- Name: alerts; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.alerts (
    id uuid NOT NULL,
    name text NOT NULL,
    labels text NOT NULL,
    severity text NOT NULL,
    summary text NOT NULL,
    action text NOT NULL,
    runbook text NOT NULL,
    value double precision NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    CONSTRAINT alerts_check CHECK ((until >= since)),
    CONSTRAINT alerts_severity_check CHECK ((severity = ANY (ARRAY['page'::text, 'ticket'::text])))
);

-- Name: alerts_judge; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.alerts_judge (
    one_row boolean DEFAULT true NOT NULL,
    holder text NOT NULL,
    held_until timestamp with time zone NOT NULL,
    judged_at timestamp with time zone,
    CONSTRAINT alerts_judge_one_row_check CHECK (one_row)
)
WITH (fillfactor='50');

-- Name: category_sales; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.category_sales (
    grain text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    category text NOT NULL,
    orders integer NOT NULL,
    quantity bigint NOT NULL,
    revenue_cents bigint NOT NULL,
    CONSTRAINT category_sales_grain_check CHECK ((grain = ANY (ARRAY['day'::text, 'week'::text])))
)
WITH (fillfactor='85');

-- Name: drivers; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.drivers (
    id uuid NOT NULL,
    name text NOT NULL,
    zone integer NOT NULL,
    version integer NOT NULL
);

-- Name: histograms; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.histograms (
    subject uuid NOT NULL,
    grain text NOT NULL COLLATE pg_catalog."C",
    measure text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    bucket smallint NOT NULL,
    amount integer NOT NULL,
    CONSTRAINT histograms_grain_check CHECK (((grain = ANY (ARRAY['day'::text, 'week'::text])) OR ((grain = 'hour'::text) AND (measure = 'delivery'::text)))),
    CONSTRAINT histograms_measure_check CHECK ((measure = ANY (ARRAY['pending'::text, 'confirmed'::text, 'preparing'::text, 'ready'::text, 'out_for_delivery'::text, 'failed'::text, 'delivery'::text, 'basket_lines'::text, 'basket_cents'::text])))
)
WITH (fillfactor='85');

-- Name: history; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.history (
    at timestamp with time zone NOT NULL,
    connections integer NOT NULL,
    commits_a_second double precision,
    hit_ratio double precision,
    bytes bigint NOT NULL,
    blocked integer NOT NULL,
    silent integer NOT NULL,
    busiest_pool double precision,
    outbox_oldest_seconds double precision,
    replica_lag_seconds double precision
);

-- Name: orders; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.orders (
    id uuid NOT NULL,
    number bigint NOT NULL,
    version integer NOT NULL,
    restaurant_id uuid NOT NULL,
    driver_id uuid,
    status text NOT NULL,
    reason text,
    lines integer NOT NULL,
    total_cents bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    entered_at timestamp with time zone,
    CONSTRAINT orders_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'rejected'::text, 'preparing'::text, 'ready'::text, 'out_for_delivery'::text, 'delivered'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT orders_version_check CHECK ((version >= 1))
)
WITH (fillfactor='85');

-- Name: plans; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.plans (
    query text NOT NULL COLLATE pg_catalog."C",
    role text NOT NULL,
    shape text NOT NULL,
    plan json NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL
);

-- Name: product_sales; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.product_sales (
    subject uuid NOT NULL,
    grain text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    product_id uuid NOT NULL,
    orders integer NOT NULL,
    quantity bigint NOT NULL,
    revenue_cents bigint NOT NULL,
    CONSTRAINT product_sales_grain_check CHECK ((grain = ANY (ARRAY['day'::text, 'week'::text])))
)
WITH (fillfactor='85');

-- Name: products; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.products (
    id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    current_category text NOT NULL,
    version integer NOT NULL
);

-- Name: projection; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.projection (
    one_row boolean DEFAULT true NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    as_of timestamp with time zone,
    zone text NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    CONSTRAINT projection_one_row_check CHECK (one_row),
    CONSTRAINT projection_seq_check CHECK ((seq >= 0))
)
WITH (fillfactor='50');

-- Name: queries; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.queries (
    query text NOT NULL COLLATE pg_catalog."C",
    place text NOT NULL
);

-- Name: query_minutes; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.query_minutes (
    at timestamp with time zone NOT NULL,
    query text NOT NULL COLLATE pg_catalog."C",
    counts integer[] NOT NULL,
    seconds double precision NOT NULL
);

-- Name: reasons; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.reasons (
    subject uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    orders integer NOT NULL,
    CONSTRAINT reasons_status_check CHECK ((status = ANY (ARRAY['rejected'::text, 'cancelled'::text])))
);

-- Name: restaurants; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.restaurants (
    id uuid NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    zone integer NOT NULL,
    version integer NOT NULL
);

-- Name: schema_migrations; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.schema_migrations (
    version character varying NOT NULL
);

-- Name: slow_queries; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.slow_queries (
    instance text NOT NULL,
    since timestamp with time zone NOT NULL,
    number integer NOT NULL,
    query text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    seconds double precision NOT NULL
);

-- Name: snapshot_counters; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.snapshot_counters (
    one_row boolean DEFAULT true NOT NULL,
    at timestamp with time zone,
    counters json,
    claimed_until timestamp with time zone NOT NULL,
    CONSTRAINT snapshot_counters_one_row_check CHECK (one_row)
)
WITH (fillfactor='50');

-- Name: snapshots; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.snapshots (
    kind text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    document json NOT NULL,
    CONSTRAINT snapshots_kind_check CHECK ((kind = ANY (ARRAY['now'::text, 'objects'::text])))
);

-- Name: statement_minutes; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.statement_minutes (
    at timestamp with time zone NOT NULL,
    statement integer NOT NULL,
    calls bigint NOT NULL,
    total_ms double precision NOT NULL,
    rows bigint NOT NULL,
    blocks_hit bigint NOT NULL,
    blocks_read bigint NOT NULL,
    blocks_temp bigint NOT NULL
);

-- Name: statements; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.statements (
    id integer NOT NULL,
    query_id bigint NOT NULL,
    role text NOT NULL,
    name text,
    text text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: statements_id_seq; Type: SEQUENCE; Schema: analytics; Owner: -

ALTER TABLE analytics.statements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.statements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: totals; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.totals (
    subject uuid NOT NULL,
    grain text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    orders integer NOT NULL,
    pending integer NOT NULL,
    confirmed integer NOT NULL,
    rejected integer NOT NULL,
    preparing integer NOT NULL,
    ready integer NOT NULL,
    out_for_delivery integer NOT NULL,
    delivered integer NOT NULL,
    failed integer NOT NULL,
    cancelled integer NOT NULL,
    revenue_cents bigint NOT NULL,
    lines bigint NOT NULL,
    on_time integer DEFAULT 0 NOT NULL,
    CONSTRAINT totals_grain_check CHECK ((grain = ANY (ARRAY['hour'::text, 'day'::text, 'week'::text])))
)
WITH (fillfactor='85');

-- Name: usage_days; Type: TABLE; Schema: analytics; Owner: -

CREATE TABLE analytics.usage_days (
    day date NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    scans bigint NOT NULL,
    rows_read bigint NOT NULL,
    CONSTRAINT usage_days_kind_check CHECK ((kind = ANY (ARRAY['index'::text, 'table'::text])))
);

-- Name: alerts_judge alerts_judge_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.alerts_judge
    ADD CONSTRAINT alerts_judge_pkey PRIMARY KEY (one_row);

-- Name: alerts alerts_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);

-- Name: category_sales category_sales_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.category_sales
    ADD CONSTRAINT category_sales_pkey PRIMARY KEY (grain, at, category);

-- Name: drivers drivers_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.drivers
    ADD CONSTRAINT drivers_pkey PRIMARY KEY (id);

-- Name: histograms histograms_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.histograms
    ADD CONSTRAINT histograms_pkey PRIMARY KEY (subject, grain, measure, at, bucket);

-- Name: history history_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (at);

-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

-- Name: plans plans_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (query, role, shape);

-- Name: product_sales product_sales_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.product_sales
    ADD CONSTRAINT product_sales_pkey PRIMARY KEY (subject, grain, at, product_id);

-- Name: products products_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);

-- Name: projection projection_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.projection
    ADD CONSTRAINT projection_pkey PRIMARY KEY (one_row);

-- Name: queries queries_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.queries
    ADD CONSTRAINT queries_pkey PRIMARY KEY (query);

-- Name: query_minutes query_minutes_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.query_minutes
    ADD CONSTRAINT query_minutes_pkey PRIMARY KEY (at, query);

-- Name: reasons reasons_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.reasons
    ADD CONSTRAINT reasons_pkey PRIMARY KEY (subject, at, status, reason);

-- Name: restaurants restaurants_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.restaurants
    ADD CONSTRAINT restaurants_pkey PRIMARY KEY (id);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

-- Name: slow_queries slow_queries_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.slow_queries
    ADD CONSTRAINT slow_queries_pkey PRIMARY KEY (instance, since, number);

-- Name: snapshot_counters snapshot_counters_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.snapshot_counters
    ADD CONSTRAINT snapshot_counters_pkey PRIMARY KEY (one_row);

-- Name: snapshots snapshots_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (kind, at);

-- Name: statement_minutes statement_minutes_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.statement_minutes
    ADD CONSTRAINT statement_minutes_pkey PRIMARY KEY (at, statement);

-- Name: statements statements_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.statements
    ADD CONSTRAINT statements_pkey PRIMARY KEY (id);

-- Name: statements statements_query_id_role_key; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.statements
    ADD CONSTRAINT statements_query_id_role_key UNIQUE (query_id, role);

-- Name: totals totals_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.totals
    ADD CONSTRAINT totals_pkey PRIMARY KEY (subject, grain, at);

-- Name: usage_days usage_days_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -

ALTER TABLE ONLY analytics.usage_days
    ADD CONSTRAINT usage_days_pkey PRIMARY KEY (day, kind, name);

-- Name: alerts_one_fires; Type: INDEX; Schema: analytics; Owner: -

CREATE UNIQUE INDEX alerts_one_fires ON analytics.alerts USING btree (name, labels) WHERE (until IS NULL);

-- Name: orders_created_at_id_idx; Type: INDEX; Schema: analytics; Owner: -

CREATE INDEX orders_created_at_id_idx ON analytics.orders USING btree (created_at, id);

-- Name: orders_of_driver; Type: INDEX; Schema: analytics; Owner: -

CREATE INDEX orders_of_driver ON analytics.orders USING btree (driver_id, created_at, id) WHERE (driver_id IS NOT NULL);

-- Name: orders_restaurant_id_created_at_id_idx; Type: INDEX; Schema: analytics; Owner: -

CREATE INDEX orders_restaurant_id_created_at_id_idx ON analytics.orders USING btree (restaurant_id, created_at, id);

-- Name: slow_queries_at_idx; Type: INDEX; Schema: analytics; Owner: -

CREATE INDEX slow_queries_at_idx ON analytics.slow_queries USING btree (at);

-- Name: SCHEMA analytics; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA analytics TO analytics_service;

-- Name: FUNCTION analyze_rebuild(); Type: ACL; Schema: analytics; Owner: -

REVOKE ALL ON FUNCTION analytics.analyze_rebuild() FROM PUBLIC;
GRANT ALL ON FUNCTION analytics.analyze_rebuild() TO analytics_service;

-- Name: FUNCTION begin_rebuild(zone text); Type: ACL; Schema: analytics; Owner: -

REVOKE ALL ON FUNCTION analytics.begin_rebuild(zone text) FROM PUBLIC;
GRANT ALL ON FUNCTION analytics.begin_rebuild(zone text) TO analytics_service;

-- Name: FUNCTION finish_rebuild(); Type: ACL; Schema: analytics; Owner: -

REVOKE ALL ON FUNCTION analytics.finish_rebuild() FROM PUBLIC;
GRANT ALL ON FUNCTION analytics.finish_rebuild() TO analytics_service;

-- Name: FUNCTION rebuilt_tables(); Type: ACL; Schema: analytics; Owner: -

REVOKE ALL ON FUNCTION analytics.rebuilt_tables() FROM PUBLIC;

-- Name: TABLE alerts; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.alerts TO analytics_service;

-- Name: TABLE alerts_judge; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,UPDATE ON TABLE analytics.alerts_judge TO analytics_service;

-- Name: TABLE category_sales; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.category_sales TO analytics_service;

-- Name: TABLE drivers; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.drivers TO analytics_service;

-- Name: TABLE histograms; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.histograms TO analytics_service;

-- Name: TABLE history; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.history TO analytics_service;

-- Name: TABLE orders; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.orders TO analytics_service;

-- Name: TABLE plans; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.plans TO analytics_service;

-- Name: TABLE product_sales; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.product_sales TO analytics_service;

-- Name: TABLE products; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.products TO analytics_service;

-- Name: TABLE projection; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.projection TO analytics_service;

-- Name: TABLE queries; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.queries TO analytics_service;

-- Name: TABLE query_minutes; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.query_minutes TO analytics_service;

-- Name: TABLE reasons; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.reasons TO analytics_service;

-- Name: TABLE restaurants; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.restaurants TO analytics_service;

-- Name: TABLE slow_queries; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.slow_queries TO analytics_service;

-- Name: TABLE snapshot_counters; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.snapshot_counters TO analytics_service;

-- Name: TABLE snapshots; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.snapshots TO analytics_service;

-- Name: TABLE statement_minutes; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.statement_minutes TO analytics_service;

-- Name: TABLE statements; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.statements TO analytics_service;

-- Name: TABLE totals; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.totals TO analytics_service;

-- Name: TABLE usage_days; Type: ACL; Schema: analytics; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.usage_days TO analytics_service;
