-- The schema orders, as its migrations make it. Written by `just schema`; a test compares.

-- Name: orders; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA orders;

-- Name: hold_credit(uuid, text, timestamp with time zone); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.hold_credit(placed uuid, request text, moment timestamp with time zone) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    -- Spelled out, not orders.restaurant_id(): of this function alone, which runs most, every call counts.
    customer uuid := nullif(current_setting('app.restaurant_id', true), '')::uuid;
    asking uuid := nullif(current_setting('app.person_id', true), '')::uuid;
    wanted record;
    ceiling bigint;
    standing bigint [];
begin
    -- By its id alone: asked for with its restaurant and state as well, Postgres may walk through all that is pending.
    select restaurant_id, status, number, total_cents into strict wanted from orders.orders where id = placed;
    if (wanted.restaurant_id = customer and wanted.status = 'pending') is not true then
        raise exception 'The order is not a new one of this restaurant.' using errcode = 'no_data_found';
    end if;
    loop
        with held as (
            update orders.credit_accounts as account
            set held_cents = account.held_cents + wanted.total_cents, entries = account.entries + 1
            from orders.restaurants as known
            where
                known.id = customer and account.restaurant_id = customer
                and account.held_cents + account.owed_cents + wanted.total_cents <= known.credit_limit_cents
            returning account.entries, account.held_cents, account.owed_cents
        )

        insert into orders.ledger_entries (
            restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, actor_id,
            actor_role, request_id, at
        )
        select
            customer, held.entries, 'hold', wanted.total_cents, held.held_cents, held.owed_cents, placed, wanted.number,
            asking, current_setting('role'), request, moment
        from held;
        if found then
            return null;
        end if;
        standing := orders.open_credit(customer);
        select credit_limit_cents into strict ceiling from orders.restaurants where id = customer;
        if standing[1] + standing[2] + wanted.total_cents > ceiling then
            return ceiling || standing;
        end if;
    end loop;
end $$;

-- Name: keep_texts(); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.keep_texts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.texts := orders.texts_of(new.restaurant_name, new.driver_name, new.address, new.reason, new.shortages);
    if octet_length(new.texts) > 2000 then
        new.texts := null;
    end if;
    return new;
end
$$;

-- Name: next_stop(uuid); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.next_stop(driver uuid) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform pg_advisory_xact_lock(hashtextextended('orders.route ' || driver::text, 0));
    if exists (select from orders.duties where driver_id = driver and not on_duty) then
        return null;
    end if;
    return (
        select coalesce(max(stop), 0) + 1
        from orders.orders
        where driver_id = driver and status in ('ready', 'out_for_delivery')
    );
end $$;

-- Name: zone(); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.zone() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.zone'::text, true), ''::text))::integer;

-- Name: orders; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.orders (
    id uuid NOT NULL,
    number bigint NOT NULL,
    restaurant_id uuid NOT NULL,
    restaurant_name text NOT NULL,
    zone integer NOT NULL,
    driver_id uuid,
    driver_name text,
    status text NOT NULL,
    reason text,
    version integer NOT NULL,
    total_cents bigint NOT NULL,
    lines integer NOT NULL,
    items json NOT NULL,
    note text,
    address text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    stop integer,
    shortages json DEFAULT '[]'::json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    texts text,
    CONSTRAINT delivery_has_driver CHECK (((driver_id IS NOT NULL) OR (status <> ALL (ARRAY['out_for_delivery'::text, 'delivered'::text, 'failed'::text])))),
    CONSTRAINT driver_has_name CHECK (((driver_id IS NULL) = (driver_name IS NULL))),
    CONSTRAINT orders_lines_check CHECK (((lines >= 1) AND (lines <= 200))),
    CONSTRAINT orders_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'rejected'::text, 'preparing'::text, 'ready'::text, 'out_for_delivery'::text, 'delivered'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT orders_total_cents_check CHECK ((total_cents >= 0)),
    CONSTRAINT orders_version_check CHECK ((version >= 1))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02');

ALTER TABLE ONLY orders.orders FORCE ROW LEVEL SECURITY;

-- Name: offer_is_taken(uuid); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.offer_is_taken(wanted uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    RETURN (EXISTS (SELECT FROM orders.orders WHERE ((orders.id = offer_is_taken.wanted) AND (orders.zone = (SELECT orders.zone() AS zone)) AND (orders.driver_id IS NOT NULL))));

-- Name: open_credit(uuid); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.open_credit(restaurant uuid) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    insert into orders.credit_accounts (restaurant_id)
    select known.id from orders.restaurants as known where known.id = restaurant
    on conflict do nothing;
    return (
        select array[account.held_cents, account.owed_cents]
        from orders.credit_accounts as account
        where account.restaurant_id = restaurant
        for no key update
    );
end $$;

-- Name: person_id(); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.person_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.person_id'::text, true), ''::text))::uuid;

-- Name: post_entry(uuid, text, bigint, uuid, bigint, text, text, timestamp with time zone); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.post_entry(restaurant uuid, posting text, amount bigint, about uuid, about_number bigint, note text, request text, moment timestamp with time zone) RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    posted bigint [];
begin
    with account as (
        update orders.credit_accounts
        set
            held_cents = held_cents + case posting when 'hold' then amount when 'release' then -amount else 0 end,
            owed_cents = owed_cents + case posting when 'charge' then amount when 'payment' then -amount else 0 end,
            entries = entries + 1
        where restaurant_id = restaurant
        returning entries, held_cents, owed_cents
    )

    insert into orders.ledger_entries (
        restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, reference, actor_id,
        actor_role, request_id, at
    )
    select
        restaurant, account.entries, posting, amount, account.held_cents, account.owed_cents, about, about_number, note,
        orders.person_id(), current_setting('role'), request, moment
    from account
    returning array[number, held_cents, owed_cents] into strict posted;
    return posted;
end $$;

-- Name: record_payment(uuid, bigint, text, text, timestamp with time zone); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.record_payment(restaurant uuid, amount bigint, note text, request text, moment timestamp with time zone) RETURNS bigint[]
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    RETURN orders.post_entry(restaurant, 'payment'::text, amount, NULL::uuid, NULL::bigint, note, request, moment);

-- Name: refuse_change(); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    raise exception 'The ledger is append-only: post another entry.' using errcode = 'restrict_violation';
end $$;

-- Name: restaurant_id(); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.restaurant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.restaurant_id'::text, true), ''::text))::uuid;

-- Name: settle_credit(uuid, text[], text, timestamp with time zone); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    settled record;
    posting text;
begin
    -- The owner sees all: what the policies would let the caller see is asked here.
    select id, number, restaurant_id, total_cents, status into strict settled
    from orders.orders
    where
        id = ended
        and case current_setting('role')
            when 'restaurant' then restaurant_id = orders.restaurant_id()
            when 'driver' then driver_id = orders.person_id()
            else current_setting('role') in ('admin', 'system')
        end;
    if (
        postings = case
            when settled.status = 'delivered' then array['release', 'charge']
            when settled.status in ('rejected', 'cancelled') then array['release']
        end
    ) is not true then
        raise exception 'An order that is % is not settled by %.', settled.status, postings
        using errcode = 'check_violation';
    end if;
    perform orders.open_credit(settled.restaurant_id);
    if not exists (select from orders.ledger_entries where order_id = ended and kind = 'hold') then
        postings := array['hold'] || postings;
    end if;
    foreach posting in array postings loop
        perform orders.post_entry(
            settled.restaurant_id, posting, settled.total_cents, ended, settled.number, null, request, moment
        );
    end loop;
end $$;

-- Name: texts_of(text, text, text, text, json); Type: FUNCTION; Schema: orders; Owner: -

CREATE FUNCTION orders.texts_of(restaurant_name text, driver_name text, address text, reason text, shortages json) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (json_build_array(restaurant_name, driver_name, address, reason, shortages))::text;

-- Name: credit_accounts; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.credit_accounts (
    restaurant_id uuid NOT NULL,
    held_cents bigint DEFAULT 0 NOT NULL,
    owed_cents bigint DEFAULT 0 NOT NULL,
    entries bigint DEFAULT 0 NOT NULL,
    CONSTRAINT credit_accounts_entries_check CHECK ((entries >= 0)),
    CONSTRAINT credit_accounts_held_cents_check CHECK ((held_cents >= 0))
)
WITH (fillfactor='50');

ALTER TABLE ONLY orders.credit_accounts FORCE ROW LEVEL SECURITY;

-- Name: drivers; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.drivers (
    id uuid NOT NULL,
    name text NOT NULL,
    zone integer,
    active boolean NOT NULL,
    version integer NOT NULL
);

-- Name: duties; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.duties (
    driver_id uuid NOT NULL,
    on_duty boolean NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY orders.duties FORCE ROW LEVEL SECURITY;

-- Name: entries; Type: VIEW; Schema: orders; Owner: -

CREATE VIEW orders.entries WITH (security_invoker='true') AS
 SELECT id,
    number,
    restaurant_id,
    zone,
    driver_id,
    status,
    version,
    total_cents,
    lines,
    lat,
    lon,
    stop,
    created_at,
    updated_at,
    COALESCE(texts, ( SELECT orders.texts_of(long.restaurant_name, long.driver_name, long.address, long.reason, long.shortages) AS texts_of
           FROM orders.orders long
          WHERE (long.id = orders.id))) AS texts
   FROM orders.orders;

-- Name: idempotency_keys; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.idempotency_keys (
    scope uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    order_id uuid,
    status smallint NOT NULL,
    response bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 128)))
);

ALTER TABLE ONLY orders.idempotency_keys FORCE ROW LEVEL SECURITY;

-- Name: late_answers; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.late_answers (
    event_id uuid NOT NULL,
    order_id uuid NOT NULL,
    answer text NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL
);

-- Name: ledger_entries; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.ledger_entries (
    restaurant_id uuid NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    debit text GENERATED ALWAYS AS (
CASE kind
    WHEN 'hold'::text THEN 'held'::text
    WHEN 'release'::text THEN 'line'::text
    WHEN 'charge'::text THEN 'receivable'::text
    ELSE 'bank'::text
END) STORED NOT NULL,
    credit text GENERATED ALWAYS AS (
CASE kind
    WHEN 'hold'::text THEN 'line'::text
    WHEN 'release'::text THEN 'held'::text
    WHEN 'charge'::text THEN 'revenue'::text
    ELSE 'receivable'::text
END) STORED NOT NULL,
    amount_cents bigint NOT NULL,
    held_cents bigint NOT NULL,
    owed_cents bigint NOT NULL,
    order_id uuid,
    order_number bigint,
    reference text,
    actor_id uuid,
    actor_role text NOT NULL,
    request_id text,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_entries_actor_role_check CHECK ((actor_role = ANY (ARRAY['restaurant'::text, 'driver'::text, 'admin'::text, 'system'::text]))),
    CONSTRAINT ledger_entries_check CHECK (((amount_cents > 0) OR ((amount_cents = 0) AND (kind <> 'payment'::text)))),
    CONSTRAINT ledger_entries_held_cents_check CHECK ((held_cents >= 0)),
    CONSTRAINT ledger_entries_kind_check CHECK ((kind = ANY (ARRAY['hold'::text, 'release'::text, 'charge'::text, 'payment'::text]))),
    CONSTRAINT ledger_entries_reference_check CHECK ((length(reference) <= 200)),
    CONSTRAINT order_has_number CHECK (((order_id IS NULL) = (order_number IS NULL))),
    CONSTRAINT order_or_payment CHECK (((kind = 'payment'::text) = (order_id IS NULL)))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.02');

ALTER TABLE ONLY orders.ledger_entries FORCE ROW LEVEL SECURITY;

-- Name: order_history; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.order_history (
    order_id uuid NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    event text NOT NULL,
    status text NOT NULL,
    driver_id uuid,
    driver_name text,
    reason text,
    stop integer,
    actor_id uuid,
    actor_role text NOT NULL,
    request_id text,
    traceparent text,
    at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_insert_scale_factor='0.02');

ALTER TABLE ONLY orders.order_history FORCE ROW LEVEL SECURITY;

-- Name: order_number; Type: SEQUENCE; Schema: orders; Owner: -

CREATE SEQUENCE orders.order_number
    START WITH 1001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: outbox; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.outbox (
    id bigint NOT NULL,
    event_id uuid NOT NULL,
    key uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    ttl_seconds integer,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    published_at timestamp with time zone,
    parked_at timestamp with time zone,
    error text
);

-- Name: outbox_id_seq; Type: SEQUENCE; Schema: orders; Owner: -

ALTER TABLE orders.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME orders.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: price_book; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.price_book (
    product_id uuid NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    price_cents bigint NOT NULL,
    active boolean NOT NULL,
    version integer NOT NULL
);

-- Name: proofs; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.proofs (
    order_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    image bytea NOT NULL,
    driver_id uuid NOT NULL,
    driver_name text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT proofs_image_check CHECK (((octet_length(image) >= 1) AND (octet_length(image) <= 204800))),
    CONSTRAINT proofs_kind_check CHECK ((kind = ANY (ARRAY['signature'::text, 'photo'::text]))),
    CONSTRAINT proofs_media_type_check CHECK ((media_type = ANY (ARRAY['image/jpeg'::text, 'image/png'::text, 'image/webp'::text]))),
    CONSTRAINT proofs_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);
ALTER TABLE ONLY orders.proofs ALTER COLUMN image SET STORAGE EXTERNAL;

ALTER TABLE ONLY orders.proofs FORCE ROW LEVEL SECURITY;

-- Name: restaurants; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.restaurants (
    id uuid NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    zone integer NOT NULL,
    credit_limit_cents bigint NOT NULL,
    active boolean NOT NULL,
    version integer NOT NULL
);

-- Name: schema_migrations; Type: TABLE; Schema: orders; Owner: -

CREATE TABLE orders.schema_migrations (
    version character varying NOT NULL
);

-- Name: credit_accounts credit_accounts_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.credit_accounts
    ADD CONSTRAINT credit_accounts_pkey PRIMARY KEY (restaurant_id);

-- Name: drivers drivers_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.drivers
    ADD CONSTRAINT drivers_pkey PRIMARY KEY (id);

-- Name: duties duties_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.duties
    ADD CONSTRAINT duties_pkey PRIMARY KEY (driver_id);

-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

-- Name: late_answers late_answers_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.late_answers
    ADD CONSTRAINT late_answers_pkey PRIMARY KEY (event_id);

-- Name: ledger_entries ledger_entries_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.ledger_entries
    ADD CONSTRAINT ledger_entries_pkey PRIMARY KEY (restaurant_id, number) INCLUDE (kind, amount_cents, held_cents, owed_cents, order_id, order_number, reference, actor_id, actor_role, at);

-- Name: ledger_entries once_an_order; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.ledger_entries
    ADD CONSTRAINT once_an_order UNIQUE (order_id, kind);

-- Name: order_history order_history_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.order_history
    ADD CONSTRAINT order_history_pkey PRIMARY KEY (order_id, version);

-- Name: orders orders_number_key; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.orders
    ADD CONSTRAINT orders_number_key UNIQUE (number);

-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

-- Name: price_book price_book_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.price_book
    ADD CONSTRAINT price_book_pkey PRIMARY KEY (product_id);

-- Name: proofs proofs_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.proofs
    ADD CONSTRAINT proofs_pkey PRIMARY KEY (order_id);

-- Name: restaurants restaurants_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.restaurants
    ADD CONSTRAINT restaurants_pkey PRIMARY KEY (id);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

-- Name: all_active; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX all_active ON orders.orders USING btree (created_at DESC, id DESC) INCLUDE (number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts) WHERE (status <> ALL (ARRAY['delivered'::text, 'cancelled'::text, 'rejected'::text]));

-- Name: all_list; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX all_list ON orders.orders USING btree (created_at DESC, id DESC) INCLUDE (number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- Name: all_list_by_status; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX all_list_by_status ON orders.orders USING btree (status, created_at DESC, id DESC) INCLUDE (number, restaurant_id, zone, driver_id, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- Name: driver_active; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX driver_active ON orders.orders USING btree (driver_id, created_at DESC, id DESC) INCLUDE (number, restaurant_id, zone, status, version, total_cents, lines, lat, lon, stop, updated_at, texts) WHERE ((driver_id IS NOT NULL) AND (status <> ALL (ARRAY['delivered'::text, 'cancelled'::text, 'rejected'::text])));

-- Name: driver_list; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX driver_list ON orders.orders USING btree (driver_id, created_at DESC, id DESC) INCLUDE (number, restaurant_id, zone, status, version, total_cents, lines, lat, lon, stop, updated_at, texts) WHERE (driver_id IS NOT NULL);

-- Name: driver_list_by_status; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX driver_list_by_status ON orders.orders USING btree (driver_id, status, created_at DESC, id DESC) INCLUDE (number, restaurant_id, zone, version, total_cents, lines, lat, lon, stop, updated_at, texts) WHERE (driver_id IS NOT NULL);

-- Name: driver_stops; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX driver_stops ON orders.orders USING btree (driver_id, stop, id) INCLUDE (number, restaurant_id, zone, status, version, total_cents, lines, lat, lon, created_at, updated_at, texts) WHERE ((driver_id IS NOT NULL) AND (status = ANY (ARRAY['ready'::text, 'out_for_delivery'::text])));

-- Name: outbox_parked; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX outbox_parked ON orders.outbox USING btree (key) WHERE (parked_at IS NOT NULL);

-- Name: outbox_waiting; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX outbox_waiting ON orders.outbox USING btree (id) WHERE ((published_at IS NULL) AND (parked_at IS NULL));

-- Name: restaurant_active; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX restaurant_active ON orders.orders USING btree (restaurant_id, created_at DESC, id DESC) INCLUDE (number, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts) WHERE (status <> ALL (ARRAY['delivered'::text, 'cancelled'::text, 'rejected'::text]));

-- Name: restaurant_list; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX restaurant_list ON orders.orders USING btree (restaurant_id, created_at DESC, id DESC) INCLUDE (number, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- Name: restaurant_list_by_status; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX restaurant_list_by_status ON orders.orders USING btree (restaurant_id, status, created_at DESC, id DESC) INCLUDE (number, zone, driver_id, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- Name: zone_offers; Type: INDEX; Schema: orders; Owner: -

CREATE INDEX zone_offers ON orders.orders USING btree (zone, created_at DESC, id DESC) INCLUDE (number, restaurant_id, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts) WHERE ((status = 'ready'::text) AND (driver_id IS NULL));

-- Name: ledger_entries append_only; Type: TRIGGER; Schema: orders; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON orders.ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION orders.refuse_change();

-- Name: orders texts_of_a_changed_order; Type: TRIGGER; Schema: orders; Owner: -

CREATE TRIGGER texts_of_a_changed_order BEFORE UPDATE ON orders.orders FOR EACH ROW WHEN ((((((new.restaurant_name IS DISTINCT FROM old.restaurant_name) OR (new.driver_name IS DISTINCT FROM old.driver_name)) OR (new.address IS DISTINCT FROM old.address)) OR (new.reason IS DISTINCT FROM old.reason)) OR ((new.shortages)::text IS DISTINCT FROM (old.shortages)::text))) EXECUTE FUNCTION orders.keep_texts();

-- Name: orders texts_of_a_new_order; Type: TRIGGER; Schema: orders; Owner: -

CREATE TRIGGER texts_of_a_new_order BEFORE INSERT ON orders.orders FOR EACH ROW EXECUTE FUNCTION orders.keep_texts();

-- Name: idempotency_keys idempotency_keys_order_id_fkey; Type: FK CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.idempotency_keys
    ADD CONSTRAINT idempotency_keys_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id);

-- Name: order_history order_history_order_id_fkey; Type: FK CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.order_history
    ADD CONSTRAINT order_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id);

-- Name: proofs proofs_order_id_fkey; Type: FK CONSTRAINT; Schema: orders; Owner: -

ALTER TABLE ONLY orders.proofs
    ADD CONSTRAINT proofs_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id);

-- Name: order_history admin_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY admin_all ON orders.order_history FOR SELECT TO admin, system USING (true);

-- Name: orders admin_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY admin_all ON orders.orders TO admin USING (true);

-- Name: credit_accounts all_accounts; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY all_accounts ON orders.credit_accounts FOR SELECT TO admin USING (true);

-- Name: duties all_duties; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY all_duties ON orders.duties FOR SELECT TO admin USING (true);

-- Name: ledger_entries all_entries; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY all_entries ON orders.ledger_entries FOR SELECT TO admin USING (true);

-- Name: proofs all_proofs; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY all_proofs ON orders.proofs FOR SELECT TO admin USING (true);

-- Name: order_history as_the_order; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY as_the_order ON orders.order_history FOR SELECT TO restaurant, driver USING ((EXISTS ( SELECT
   FROM orders.orders seen
  WHERE (seen.id = order_history.order_id))));

-- Name: proofs as_the_order; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY as_the_order ON orders.proofs FOR SELECT TO restaurant, driver USING ((EXISTS ( SELECT
   FROM orders.orders seen
  WHERE (seen.id = proofs.order_id))));

-- Name: credit_accounts; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.credit_accounts ENABLE ROW LEVEL SECURITY;

-- Name: orders driver_assigned_or_offered; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY driver_assigned_or_offered ON orders.orders TO driver USING (
CASE
    WHEN (driver_id IS NULL) THEN ((status = 'ready'::text) AND (zone = ( SELECT orders.zone() AS zone)))
    ELSE (driver_id = ( SELECT orders.person_id() AS person_id))
END) WITH CHECK ((driver_id = ( SELECT orders.person_id() AS person_id)));

-- Name: duties driver_own; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY driver_own ON orders.duties TO driver USING ((driver_id = ( SELECT orders.person_id() AS person_id))) WITH CHECK ((driver_id = ( SELECT orders.person_id() AS person_id)));

-- Name: duties; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.duties ENABLE ROW LEVEL SECURITY;

-- Name: idempotency_keys; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.idempotency_keys ENABLE ROW LEVEL SECURITY;

-- Name: ledger_entries; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.ledger_entries ENABLE ROW LEVEL SECURITY;

-- Name: order_history; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.order_history ENABLE ROW LEVEL SECURITY;

-- Name: orders; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.orders ENABLE ROW LEVEL SECURITY;

-- Name: order_history own_deeds; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY own_deeds ON orders.order_history FOR INSERT TO restaurant, driver, admin WITH CHECK (((actor_id = ( SELECT orders.person_id() AS person_id)) AND (actor_role = CURRENT_USER)));

-- Name: proofs own_deliveries; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY own_deliveries ON orders.proofs FOR INSERT TO driver WITH CHECK (((driver_id = ( SELECT orders.person_id() AS person_id)) AND (EXISTS ( SELECT
   FROM orders.orders done
  WHERE ((done.id = proofs.order_id) AND (done.driver_id = proofs.driver_id) AND (done.status = 'delivered'::text))))));

-- Name: credit_accounts owner_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY owner_sees_all ON orders.credit_accounts TO larder_owner USING (true);

-- Name: idempotency_keys owner_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY owner_sees_all ON orders.idempotency_keys TO larder_owner USING (true);

-- Name: ledger_entries owner_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY owner_sees_all ON orders.ledger_entries TO larder_owner USING (true);

-- Name: order_history owner_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY owner_sees_all ON orders.order_history TO larder_owner USING (true);

-- Name: orders owner_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY owner_sees_all ON orders.orders TO larder_owner USING (true);

-- Name: proofs owner_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY owner_sees_all ON orders.proofs TO larder_owner USING (true);

-- Name: idempotency_keys person_own; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY person_own ON orders.idempotency_keys TO driver, admin USING ((scope = ( SELECT orders.person_id() AS person_id))) WITH CHECK ((scope = ( SELECT orders.person_id() AS person_id)));

-- Name: proofs; Type: ROW SECURITY; Schema: orders; Owner: -

ALTER TABLE orders.proofs ENABLE ROW LEVEL SECURITY;

-- Name: credit_accounts restaurant_own; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY restaurant_own ON orders.credit_accounts FOR SELECT TO restaurant USING ((restaurant_id = ( SELECT orders.restaurant_id() AS restaurant_id)));

-- Name: idempotency_keys restaurant_own; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY restaurant_own ON orders.idempotency_keys TO restaurant USING ((scope = ( SELECT orders.restaurant_id() AS restaurant_id))) WITH CHECK ((scope = ( SELECT orders.restaurant_id() AS restaurant_id)));

-- Name: ledger_entries restaurant_own; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY restaurant_own ON orders.ledger_entries FOR SELECT TO restaurant USING ((restaurant_id = ( SELECT orders.restaurant_id() AS restaurant_id)));

-- Name: orders restaurant_own; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY restaurant_own ON orders.orders TO restaurant USING ((restaurant_id = ( SELECT orders.restaurant_id() AS restaurant_id))) WITH CHECK ((restaurant_id = ( SELECT orders.restaurant_id() AS restaurant_id)));

-- Name: orders system_answers; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY system_answers ON orders.orders FOR UPDATE TO system USING (
CASE status
    WHEN 'pending'::text THEN true
    ELSE false
END) WITH CHECK ((status = ANY (ARRAY['confirmed'::text, 'rejected'::text])));

-- Name: order_history system_deeds; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY system_deeds ON orders.order_history FOR INSERT TO system WITH CHECK (((actor_id IS NULL) AND (actor_role = 'system'::text)));

-- Name: orders system_sees_all; Type: POLICY; Schema: orders; Owner: -

CREATE POLICY system_sees_all ON orders.orders FOR SELECT TO system USING (true);

-- Name: SCHEMA orders; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA orders TO orders_service;
GRANT USAGE ON SCHEMA orders TO relay_service;
GRANT USAGE ON SCHEMA orders TO restaurant;
GRANT USAGE ON SCHEMA orders TO driver;
GRANT USAGE ON SCHEMA orders TO admin;
GRANT USAGE ON SCHEMA orders TO system;

-- Name: FUNCTION hold_credit(placed uuid, request text, moment timestamp with time zone); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.hold_credit(placed uuid, request text, moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION orders.hold_credit(placed uuid, request text, moment timestamp with time zone) TO restaurant;

-- Name: FUNCTION next_stop(driver uuid); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.next_stop(driver uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION orders.next_stop(driver uuid) TO driver;
GRANT ALL ON FUNCTION orders.next_stop(driver uuid) TO admin;

-- Name: TABLE orders; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT ON TABLE orders.orders TO restaurant;
GRANT SELECT ON TABLE orders.orders TO driver;
GRANT SELECT ON TABLE orders.orders TO admin;
GRANT SELECT ON TABLE orders.orders TO system;

-- Name: COLUMN orders.driver_id; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(driver_id) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(driver_id) ON TABLE orders.orders TO driver;
GRANT UPDATE(driver_id) ON TABLE orders.orders TO admin;

-- Name: COLUMN orders.driver_name; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(driver_name) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(driver_name) ON TABLE orders.orders TO driver;
GRANT UPDATE(driver_name) ON TABLE orders.orders TO admin;

-- Name: COLUMN orders.status; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(status) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(status) ON TABLE orders.orders TO driver;
GRANT UPDATE(status) ON TABLE orders.orders TO admin;
GRANT UPDATE(status) ON TABLE orders.orders TO system;

-- Name: COLUMN orders.reason; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(reason) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(reason) ON TABLE orders.orders TO driver;
GRANT UPDATE(reason) ON TABLE orders.orders TO admin;
GRANT UPDATE(reason) ON TABLE orders.orders TO system;

-- Name: COLUMN orders.version; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(version) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(version) ON TABLE orders.orders TO driver;
GRANT UPDATE(version) ON TABLE orders.orders TO admin;
GRANT UPDATE(version) ON TABLE orders.orders TO system;

-- Name: COLUMN orders.stop; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(stop) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(stop) ON TABLE orders.orders TO driver;
GRANT UPDATE(stop) ON TABLE orders.orders TO admin;

-- Name: COLUMN orders.shortages; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(shortages) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(shortages) ON TABLE orders.orders TO driver;
GRANT UPDATE(shortages) ON TABLE orders.orders TO admin;
GRANT UPDATE(shortages) ON TABLE orders.orders TO system;

-- Name: COLUMN orders.updated_at; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(updated_at) ON TABLE orders.orders TO restaurant;
GRANT UPDATE(updated_at) ON TABLE orders.orders TO driver;
GRANT UPDATE(updated_at) ON TABLE orders.orders TO admin;
GRANT UPDATE(updated_at) ON TABLE orders.orders TO system;

-- Name: FUNCTION offer_is_taken(wanted uuid); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.offer_is_taken(wanted uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION orders.offer_is_taken(wanted uuid) TO driver;

-- Name: FUNCTION open_credit(restaurant uuid); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.open_credit(restaurant uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION orders.open_credit(restaurant uuid) TO admin;

-- Name: FUNCTION post_entry(restaurant uuid, posting text, amount bigint, about uuid, about_number bigint, note text, request text, moment timestamp with time zone); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.post_entry(restaurant uuid, posting text, amount bigint, about uuid, about_number bigint, note text, request text, moment timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION record_payment(restaurant uuid, amount bigint, note text, request text, moment timestamp with time zone); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.record_payment(restaurant uuid, amount bigint, note text, request text, moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION orders.record_payment(restaurant uuid, amount bigint, note text, request text, moment timestamp with time zone) TO admin;

-- Name: FUNCTION settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone); Type: ACL; Schema: orders; Owner: -

REVOKE ALL ON FUNCTION orders.settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION orders.settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone) TO restaurant;
GRANT ALL ON FUNCTION orders.settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone) TO driver;
GRANT ALL ON FUNCTION orders.settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone) TO admin;
GRANT ALL ON FUNCTION orders.settle_credit(ended uuid, postings text[], request text, moment timestamp with time zone) TO system;

-- Name: TABLE credit_accounts; Type: ACL; Schema: orders; Owner: -

GRANT SELECT ON TABLE orders.credit_accounts TO restaurant;
GRANT SELECT ON TABLE orders.credit_accounts TO admin;

-- Name: TABLE drivers; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE orders.drivers TO orders_service;
GRANT SELECT ON TABLE orders.drivers TO restaurant;
GRANT SELECT ON TABLE orders.drivers TO driver;
GRANT SELECT ON TABLE orders.drivers TO admin;
GRANT SELECT ON TABLE orders.drivers TO system;

-- Name: TABLE duties; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT ON TABLE orders.duties TO driver;
GRANT SELECT ON TABLE orders.duties TO admin;

-- Name: COLUMN duties.on_duty; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(on_duty) ON TABLE orders.duties TO driver;

-- Name: COLUMN duties.changed_at; Type: ACL; Schema: orders; Owner: -

GRANT UPDATE(changed_at) ON TABLE orders.duties TO driver;

-- Name: TABLE entries; Type: ACL; Schema: orders; Owner: -

GRANT SELECT ON TABLE orders.entries TO restaurant;
GRANT SELECT ON TABLE orders.entries TO driver;
GRANT SELECT ON TABLE orders.entries TO admin;
GRANT SELECT ON TABLE orders.entries TO system;

-- Name: TABLE idempotency_keys; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT ON TABLE orders.idempotency_keys TO restaurant;
GRANT SELECT,INSERT ON TABLE orders.idempotency_keys TO driver;
GRANT SELECT,INSERT ON TABLE orders.idempotency_keys TO admin;

-- Name: TABLE late_answers; Type: ACL; Schema: orders; Owner: -

GRANT INSERT ON TABLE orders.late_answers TO system;

-- Name: TABLE ledger_entries; Type: ACL; Schema: orders; Owner: -

GRANT SELECT ON TABLE orders.ledger_entries TO restaurant;
GRANT SELECT ON TABLE orders.ledger_entries TO admin;

-- Name: TABLE order_history; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT ON TABLE orders.order_history TO restaurant;
GRANT SELECT,INSERT ON TABLE orders.order_history TO driver;
GRANT SELECT,INSERT ON TABLE orders.order_history TO admin;
GRANT SELECT,INSERT ON TABLE orders.order_history TO system;

-- Name: SEQUENCE order_number; Type: ACL; Schema: orders; Owner: -

GRANT USAGE ON SEQUENCE orders.order_number TO restaurant;

-- Name: TABLE outbox; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,DELETE,UPDATE ON TABLE orders.outbox TO relay_service;

-- Name: COLUMN outbox.event_id; Type: ACL; Schema: orders; Owner: -

GRANT INSERT(event_id) ON TABLE orders.outbox TO restaurant;
GRANT INSERT(event_id) ON TABLE orders.outbox TO driver;
GRANT INSERT(event_id) ON TABLE orders.outbox TO admin;
GRANT INSERT(event_id) ON TABLE orders.outbox TO system;

-- Name: COLUMN outbox.key; Type: ACL; Schema: orders; Owner: -

GRANT INSERT(key) ON TABLE orders.outbox TO restaurant;
GRANT INSERT(key) ON TABLE orders.outbox TO driver;
GRANT INSERT(key) ON TABLE orders.outbox TO admin;
GRANT INSERT(key) ON TABLE orders.outbox TO system;

-- Name: COLUMN outbox.subject; Type: ACL; Schema: orders; Owner: -

GRANT INSERT(subject) ON TABLE orders.outbox TO restaurant;
GRANT INSERT(subject) ON TABLE orders.outbox TO driver;
GRANT INSERT(subject) ON TABLE orders.outbox TO admin;
GRANT INSERT(subject) ON TABLE orders.outbox TO system;

-- Name: COLUMN outbox.payload; Type: ACL; Schema: orders; Owner: -

GRANT INSERT(payload) ON TABLE orders.outbox TO restaurant;
GRANT INSERT(payload) ON TABLE orders.outbox TO driver;
GRANT INSERT(payload) ON TABLE orders.outbox TO admin;
GRANT INSERT(payload) ON TABLE orders.outbox TO system;

-- Name: TABLE price_book; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE orders.price_book TO orders_service;
GRANT SELECT ON TABLE orders.price_book TO restaurant;
GRANT SELECT ON TABLE orders.price_book TO driver;
GRANT SELECT ON TABLE orders.price_book TO admin;
GRANT SELECT ON TABLE orders.price_book TO system;

-- Name: TABLE proofs; Type: ACL; Schema: orders; Owner: -

GRANT SELECT ON TABLE orders.proofs TO restaurant;
GRANT SELECT,INSERT ON TABLE orders.proofs TO driver;
GRANT SELECT ON TABLE orders.proofs TO admin;

-- Name: TABLE restaurants; Type: ACL; Schema: orders; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE orders.restaurants TO orders_service;
GRANT SELECT ON TABLE orders.restaurants TO restaurant;
GRANT SELECT ON TABLE orders.restaurants TO driver;
GRANT SELECT ON TABLE orders.restaurants TO admin;
GRANT SELECT ON TABLE orders.restaurants TO system;
