-- The schema catalog, as its migrations make it. Written by `just schema`; a test compares.

-- Name: catalog; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA catalog;

-- Name: count_categories(); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.count_categories() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if tg_op = 'INSERT' then
        insert into catalog.categories as kept (name, products)
        select category, count(*) filter (where active) from after group by category order by category
        on conflict (name) do update set products = kept.products + excluded.products;
    else
        -- A category's first product may come by an update. Sums of changes can be negative, which the CHECK would
        -- refuse in a new row: so the rows are made first.
        insert into catalog.categories (name, products)
        select distinct category, 0 from after order by category
        on conflict (name) do nothing;
        update catalog.categories as kept set products = kept.products + change.products
        from (
            select category, sum(products) as products
            from (
                select category, 1 as products from after where active
                union all
                select category, -1 from before where active
            ) as each
            group by category having sum(products) <> 0
        ) as change
        where kept.name = change.category;
    end if;
    return null;
end
$$;

-- Name: coverage(tsvector, text[]); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.coverage(text tsvector, words text[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((1)::double precision - ((length(ts_delete(text, words)))::double precision / (GREATEST(length(text), 1))::double precision));

-- Name: distance(integer); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.distance(place integer) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (((((1000000)::numeric * 0.5))::double precision * ln((place)::double precision)))::integer;

-- Name: kind_of(text); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.kind_of(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN COALESCE(NULLIF(btrim(split_part(name, ','::text, 1)), ''::text), name);

-- Name: learn_words(); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.learn_words() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if tg_op = 'INSERT' then
        insert into catalog.words (word)
        select distinct lexeme collate "C" as word
        from after cross join lateral unnest(search)
        where lexeme !~ '^[0-9]' and length(lexeme) <= 40
        order by word
        on conflict (word) do nothing;
    else
        insert into catalog.words (word)
        select distinct lexeme collate "C" as word
        from after
        inner join before on before.id = after.id and before.search <> after.search
        cross join lateral unnest(after.search)
        where lexeme !~ '^[0-9]' and length(lexeme) <= 40
        order by word
        on conflict (word) do nothing;
    end if;
    return null;
end
$$;

-- Name: nearness(tsvector, tsvector, text[], integer); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.nearness(named tsvector, filed tsvector, words text[], places integer) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (((1000000)::double precision * (ln((((0.01)::double precision + catalog.coverage(named, words)) + (catalog.coverage(filed, words) ^ (2)::double precision))) + ((0.25)::double precision * ln((places)::double precision)))))::integer;

-- Name: note_versions(); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.note_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    person uuid := nullif(current_setting('app.person_id', true), '');
    role_of_person text := coalesce(nullif(current_setting('app.role', true), ''), 'system');
    request text := nullif(current_setting('app.request_id', true), '');
begin
    if tg_op = 'INSERT' then
        insert into catalog.product_history (product_id, version, at, actor_id, actor_role, request_id, changes)
        select
            id, version, updated_at, person, role_of_person, request,
            json_build_object(
                'sku', json_build_object('to', sku),
                'name', json_build_object('to', name),
                'category', json_build_object('to', category),
                'unit', json_build_object('to', unit),
                'price_cents', json_build_object('to', price_cents),
                'stock', json_build_object('to', stock),
                'active', json_build_object('to', active)
            )
        from after;
    else
        insert into catalog.product_history (product_id, version, at, actor_id, actor_role, request_id, changes)
        select
            after.id, after.version, after.updated_at, person, role_of_person, request,
            (
                select coalesce(json_object_agg(field, json_build_object('from', was, 'to', is_now)), '{}')
                from (
                    values
                        ('name', to_json(before.name), to_json(after.name)),
                        ('category', to_json(before.category), to_json(after.category)),
                        ('unit', to_json(before.unit), to_json(after.unit)),
                        ('price_cents', to_json(before.price_cents), to_json(after.price_cents)),
                        ('stock', to_json(before.stock), to_json(after.stock)),
                        ('active', to_json(before.active), to_json(after.active))
                ) as each (field, was, is_now)
                where was::text is distinct from is_now::text
            )
        from after
        inner join before on before.id = after.id
        where after.version <> before.version;
    end if;
    return null;
end
$$;

-- Name: rank_of(tsvector, tsquery, tsquery); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.rank_of(search tsvector, matching tsquery, evident tsquery) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((((10000)::double precision * ts_rank('{0.05,0.2,0.6,1}'::real[], search, evident, 1)) + ((1000)::double precision * ts_rank('{0.05,0.2,0.6,1}'::real[], search, matching, 1))))::integer;

-- Name: refuse_change_of_audit(); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.refuse_change_of_audit() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    raise exception 'The audit is append-only.' using errcode = 'restrict_violation';
end $$;

-- Name: words_of(text); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.words_of(given text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN btrim(regexp_replace(regexp_replace(regexp_replace(lower(NORMALIZE(given, NFKD)), '[̀-ͯ]'::text, ''::text, 'g'::text), '(?<=[0-9])(?=[[:alpha:]])|(?<=[[:alpha:]])(?=[0-9])'::text, ' '::text, 'g'::text), '(?!(?<=[0-9])\.(?=[0-9]))[^[:alnum:]]+'::text, ' '::text, 'g'::text));

-- Name: search_of(text, text, text); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.search_of(name text, category text, sku text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((setweight(to_tsvector('simple'::regconfig, catalog.words_of(name)), 'A'::"char") || setweight(to_tsvector('simple'::regconfig, catalog.words_of(sku)), 'B'::"char")) || setweight(to_tsvector('simple'::regconfig, catalog.words_of(category)), 'C'::"char"));

-- Name: kinds; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.kinds (
    id integer NOT NULL,
    category text NOT NULL,
    name text NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, catalog.words_of(((name || ' '::text) || category)))) STORED NOT NULL,
    named tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, catalog.words_of(name))) STORED NOT NULL,
    filed tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, catalog.words_of(category))) STORED NOT NULL,
    places integer NOT NULL,
    CONSTRAINT kinds_places_check CHECK ((places > 0))
);

-- Name: products; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.products (
    id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    unit text NOT NULL,
    price_cents bigint NOT NULL,
    stock bigint,
    active boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    search tsvector GENERATED ALWAYS AS (catalog.search_of(name, category, sku)) STORED NOT NULL,
    CONSTRAINT products_category_check CHECK (((length(category) >= 1) AND (length(category) <= 100))),
    CONSTRAINT products_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT products_price_cents_check CHECK ((price_cents >= 0)),
    CONSTRAINT products_sku_check CHECK (((length(sku) >= 1) AND (length(sku) <= 64))),
    CONSTRAINT products_stock_check CHECK ((stock >= 0)),
    CONSTRAINT products_unit_check CHECK (((length(unit) >= 1) AND (length(unit) <= 40))),
    CONSTRAINT products_version_check CHECK ((version >= 1)),
    CONSTRAINT sold_at_a_price CHECK (((price_cents > 0) OR (NOT active)))
);

-- Name: shelf; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.shelf (
    kind_id integer NOT NULL,
    place integer NOT NULL,
    product_id uuid NOT NULL,
    CONSTRAINT shelf_place_check CHECK ((place > 0))
);

-- Name: shelve(uuid[]); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.shelve(products uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 WITH new AS (
          SELECT product.id,
             product.category,
             catalog.kind_of(product.name) AS name,
             product.name AS whole
            FROM (((unnest(shelve.products) given(id)
              JOIN catalog.products product ON ((product.id = given.id)))
              LEFT JOIN catalog.shelf held ON ((held.product_id = product.id)))
              LEFT JOIN catalog.kinds kind ON ((kind.id = held.kind_id)))
           WHERE ((kind.category IS DISTINCT FROM product.category) OR (kind.name IS DISTINCT FROM catalog.kind_of(product.name)))
         ), counted AS (
          INSERT INTO catalog.kinds AS kept_1 (category, name, places)  SELECT new.category,
                     new.name,
                     count(*) AS count
                    FROM new
                   GROUP BY new.category, new.name
                   ORDER BY new.name, new.category ON CONFLICT(name, category) DO UPDATE SET places = (kept_1.places + excluded_1.places)
           RETURNING kept_1.id,
             kept_1.category,
             kept_1.name,
             kept_1.places
         )
  INSERT INTO catalog.shelf AS kept (kind_id, place, product_id)  SELECT kind.id,
             ((kind.places - count(*) OVER each) + row_number() OVER in_turns),
             new.id
            FROM (( SELECT new_1.id,
                     new_1.category,
                     new_1.name,
                     row_number() OVER (PARTITION BY new_1.category, new_1.name, (split_part(new_1.whole, ','::text, 2)) ORDER BY new_1.id) AS turn
                    FROM new new_1) new
              JOIN counted kind ON (((kind.category = new.category) AND (kind.name = new.name))))
           WINDOW each AS (PARTITION BY kind.id), in_turns AS (PARTITION BY kind.id ORDER BY new.turn, new.id)
           ORDER BY kind.id, new.turn, new.id ON CONFLICT(product_id) DO UPDATE SET kind_id = excluded.kind_id, place = excluded.place;
END;

-- Name: shelve_renamed(); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.shelve_renamed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if exists (
        select from after inner join before using (id)
        where (after.category, after.name) is distinct from (before.category, before.name)
    ) then
        perform catalog.shelve(array(select id from after));
    end if;
    return null;
end
$$;

-- Name: shelve_written(); Type: FUNCTION; Schema: catalog; Owner: -

CREATE FUNCTION catalog.shelve_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform catalog.shelve(array(select id from after));
    return null;
end
$$;

-- Name: cache_audit; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.cache_audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    deed text NOT NULL,
    key text NOT NULL,
    request_id text,
    CONSTRAINT cache_audit_deed_check CHECK ((deed = ANY (ARRAY['read'::text, 'refresh'::text, 'invalidate'::text]))),
    CONSTRAINT cache_audit_key_check CHECK ((length(key) <= 200))
);

-- Name: categories; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.categories (
    name text NOT NULL,
    products integer NOT NULL,
    CONSTRAINT categories_products_check CHECK ((products >= 0))
);

-- Name: edge_entries; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.edge_entries (
    address text NOT NULL,
    category text,
    shows uuid[] NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    wanted bigint NOT NULL,
    done bigint NOT NULL,
    wanted_at timestamp with time zone NOT NULL,
    refreshed_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    claimed_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT edge_entries_address_check CHECK (((length(address) >= 1) AND (length(address) <= 1024)))
);

-- Name: kinds_id_seq; Type: SEQUENCE; Schema: catalog; Owner: -

ALTER TABLE catalog.kinds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.kinds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: outbox; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.outbox (
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

-- Name: outbox_id_seq; Type: SEQUENCE; Schema: catalog; Owner: -

ALTER TABLE catalog.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: product_history; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.product_history (
    product_id uuid NOT NULL,
    version integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    actor_role text NOT NULL,
    request_id text,
    changes json NOT NULL,
    CONSTRAINT people_have_a_role CHECK (((actor_id IS NULL) = (actor_role = 'system'::text))),
    CONSTRAINT product_history_version_check CHECK ((version >= 1))
);

-- Name: reservations; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.reservations (
    order_id uuid NOT NULL,
    state text NOT NULL,
    held json NOT NULL,
    shortages json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT reservations_state_check CHECK ((state = ANY (ARRAY['held'::text, 'short'::text, 'released'::text, 'consumed'::text])))
);

-- Name: schema_migrations; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.schema_migrations (
    version character varying NOT NULL
);

-- Name: stock_kept; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.stock_kept (
    one_row boolean DEFAULT true NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT stock_kept_one_row_check CHECK (one_row)
);

-- Name: words; Type: TABLE; Schema: catalog; Owner: -

CREATE TABLE catalog.words (
    word text NOT NULL COLLATE pg_catalog."C"
);

-- Name: cache_audit cache_audit_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.cache_audit
    ADD CONSTRAINT cache_audit_pkey PRIMARY KEY (id);

-- Name: categories categories_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (name);

-- Name: edge_entries edge_entries_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.edge_entries
    ADD CONSTRAINT edge_entries_pkey PRIMARY KEY (address);

-- Name: kinds kinds_name_category_key; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.kinds
    ADD CONSTRAINT kinds_name_category_key UNIQUE (name, category);

-- Name: kinds kinds_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.kinds
    ADD CONSTRAINT kinds_pkey PRIMARY KEY (id);

-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

-- Name: product_history product_history_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.product_history
    ADD CONSTRAINT product_history_pkey PRIMARY KEY (product_id, version);

-- Name: products products_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);

-- Name: products products_sku_key; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.products
    ADD CONSTRAINT products_sku_key UNIQUE (sku);

-- Name: reservations reservations_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (order_id);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

-- Name: shelf shelf_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.shelf
    ADD CONSTRAINT shelf_pkey PRIMARY KEY (kind_id, place) INCLUDE (product_id);

-- Name: shelf shelf_product_id_key; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.shelf
    ADD CONSTRAINT shelf_product_id_key UNIQUE (product_id);

-- Name: stock_kept stock_kept_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.stock_kept
    ADD CONSTRAINT stock_kept_pkey PRIMARY KEY (one_row);

-- Name: words words_pkey; Type: CONSTRAINT; Schema: catalog; Owner: -

ALTER TABLE ONLY catalog.words
    ADD CONSTRAINT words_pkey PRIMARY KEY (word);

-- Name: edge_entries_asked; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX edge_entries_asked ON catalog.edge_entries USING btree (asked_at);

-- Name: edge_entries_category; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX edge_entries_category ON catalog.edge_entries USING btree (category) WHERE (category IS NOT NULL);

-- Name: edge_entries_shows; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX edge_entries_shows ON catalog.edge_entries USING gin (shows) WITH (fastupdate=off);

-- Name: edge_entries_stale; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX edge_entries_stale ON catalog.edge_entries USING btree (wanted_at) WHERE (done < wanted);

-- Name: kinds_search; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX kinds_search ON catalog.kinds USING gin (search) WITH (fastupdate=off);

-- Name: kinds_similar; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX kinds_similar ON catalog.kinds USING gin (name catalog.gin_trgm_ops) WITH (fastupdate=off);

-- Name: outbox_parked; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX outbox_parked ON catalog.outbox USING btree (key) WHERE (parked_at IS NOT NULL);

-- Name: outbox_waiting; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX outbox_waiting ON catalog.outbox USING btree (id) WHERE ((published_at IS NULL) AND (parked_at IS NULL));

-- Name: products_by_name; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_by_name ON catalog.products USING btree (lower(name) text_pattern_ops);

-- Name: products_by_sku; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_by_sku ON catalog.products USING btree (lower(sku) text_pattern_ops);

-- Name: products_inactive; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_inactive ON catalog.products USING btree (id DESC) WHERE (NOT active);

-- Name: products_inactive_of_category; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_inactive_of_category ON catalog.products USING btree (category, id DESC) WHERE (NOT active);

-- Name: products_newest; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_newest ON catalog.products USING btree (created_at DESC, id DESC) WHERE active;

-- Name: products_newest_of_category; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_newest_of_category ON catalog.products USING btree (category, active, created_at DESC, id DESC);

-- Name: products_of_category; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_of_category ON catalog.products USING btree (category, id DESC) WHERE active;

-- Name: products_search; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX products_search ON catalog.products USING gin (search) WITH (gin_pending_list_limit='1024');

-- Name: words_similar; Type: INDEX; Schema: catalog; Owner: -

CREATE INDEX words_similar ON catalog.words USING gin (word catalog.gin_trgm_ops);

-- Name: cache_audit append_only; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON catalog.cache_audit FOR EACH STATEMENT EXECUTE FUNCTION catalog.refuse_change_of_audit();

-- Name: products count_inserted; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER count_inserted AFTER INSERT ON catalog.products REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_categories();

-- Name: products count_updated; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER count_updated AFTER UPDATE ON catalog.products REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_categories();

-- Name: products learn_inserted; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER learn_inserted AFTER INSERT ON catalog.products REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.learn_words();

-- Name: products learn_updated; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER learn_updated AFTER UPDATE ON catalog.products REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.learn_words();

-- Name: products note_inserted; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER note_inserted AFTER INSERT ON catalog.products REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.note_versions();

-- Name: products note_updated; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER note_updated AFTER UPDATE ON catalog.products REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.note_versions();

-- Name: products shelve_inserted; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER shelve_inserted AFTER INSERT ON catalog.products REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.shelve_written();

-- Name: products shelve_updated; Type: TRIGGER; Schema: catalog; Owner: -

CREATE TRIGGER shelve_updated AFTER UPDATE ON catalog.products REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION catalog.shelve_renamed();

-- Name: SCHEMA catalog; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA catalog TO catalog_service;
GRANT USAGE ON SCHEMA catalog TO relay_service;

-- Name: TABLE kinds; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT ON TABLE catalog.kinds TO catalog_service;

-- Name: TABLE products; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT,INSERT ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.name; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(name) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.category; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(category) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.unit; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(unit) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.price_cents; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(price_cents) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.stock; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(stock) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.active; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(active) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.version; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(version) ON TABLE catalog.products TO catalog_service;

-- Name: COLUMN products.updated_at; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(updated_at) ON TABLE catalog.products TO catalog_service;

-- Name: TABLE shelf; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT ON TABLE catalog.shelf TO catalog_service;

-- Name: FUNCTION shelve(products uuid[]); Type: ACL; Schema: catalog; Owner: -

REVOKE ALL ON FUNCTION catalog.shelve(products uuid[]) FROM PUBLIC;

-- Name: TABLE cache_audit; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT,INSERT ON TABLE catalog.cache_audit TO catalog_service;

-- Name: TABLE categories; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT ON TABLE catalog.categories TO catalog_service;

-- Name: TABLE edge_entries; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalog.edge_entries TO catalog_service;

-- Name: TABLE outbox; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT,DELETE,UPDATE ON TABLE catalog.outbox TO relay_service;

-- Name: COLUMN outbox.event_id; Type: ACL; Schema: catalog; Owner: -

GRANT INSERT(event_id) ON TABLE catalog.outbox TO catalog_service;

-- Name: COLUMN outbox.key; Type: ACL; Schema: catalog; Owner: -

GRANT INSERT(key) ON TABLE catalog.outbox TO catalog_service;

-- Name: COLUMN outbox.subject; Type: ACL; Schema: catalog; Owner: -

GRANT INSERT(subject) ON TABLE catalog.outbox TO catalog_service;

-- Name: COLUMN outbox.payload; Type: ACL; Schema: catalog; Owner: -

GRANT INSERT(payload) ON TABLE catalog.outbox TO catalog_service;

-- Name: TABLE product_history; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT ON TABLE catalog.product_history TO catalog_service;

-- Name: TABLE reservations; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT,INSERT ON TABLE catalog.reservations TO catalog_service;

-- Name: COLUMN reservations.state; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(state) ON TABLE catalog.reservations TO catalog_service;

-- Name: COLUMN reservations.updated_at; Type: ACL; Schema: catalog; Owner: -

GRANT UPDATE(updated_at) ON TABLE catalog.reservations TO catalog_service;

-- Name: TABLE stock_kept; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT ON TABLE catalog.stock_kept TO catalog_service;

-- Name: TABLE words; Type: ACL; Schema: catalog; Owner: -

GRANT SELECT ON TABLE catalog.words TO catalog_service;
