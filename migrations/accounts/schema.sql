-- The schema accounts, as its migrations make it. Written by `just schema`; a test compares.

-- Name: accounts; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA accounts;

-- Name: outbox; Type: TABLE; Schema: accounts; Owner: -

CREATE TABLE accounts.outbox (
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

-- Name: outbox_id_seq; Type: SEQUENCE; Schema: accounts; Owner: -

ALTER TABLE accounts.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME accounts.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: people; Type: TABLE; Schema: accounts; Owner: -

CREATE TABLE accounts.people (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    restaurant_id uuid,
    zone integer,
    password_hash text NOT NULL,
    active boolean NOT NULL,
    tokens_valid_from timestamp with time zone NOT NULL,
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT a_driver_has_a_zone CHECK (((role = 'driver'::text) = (zone IS NOT NULL))),
    CONSTRAINT a_restaurants_person_has_it CHECK (((role = 'restaurant'::text) = (restaurant_id IS NOT NULL))),
    CONSTRAINT people_email_check CHECK ((email = lower(email))),
    CONSTRAINT people_role_check CHECK ((role = ANY (ARRAY['restaurant'::text, 'driver'::text, 'admin'::text]))),
    CONSTRAINT people_version_check CHECK ((version >= 1))
);

-- Name: restaurants; Type: TABLE; Schema: accounts; Owner: -

CREATE TABLE accounts.restaurants (
    id uuid NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    zone integer NOT NULL,
    credit_limit_cents bigint NOT NULL,
    active boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT restaurants_credit_limit_cents_check CHECK ((credit_limit_cents >= 0)),
    CONSTRAINT restaurants_lat_check CHECK (((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision))),
    CONSTRAINT restaurants_lon_check CHECK (((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision))),
    CONSTRAINT restaurants_version_check CHECK ((version >= 1))
);

-- Name: schema_migrations; Type: TABLE; Schema: accounts; Owner: -

CREATE TABLE accounts.schema_migrations (
    version character varying NOT NULL
);

-- Name: sessions; Type: TABLE; Schema: accounts; Owner: -

CREATE TABLE accounts.sessions (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

-- Name: people people_email_key; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.people
    ADD CONSTRAINT people_email_key UNIQUE (email);

-- Name: people people_pkey; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);

-- Name: restaurants restaurants_number_key; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.restaurants
    ADD CONSTRAINT restaurants_number_key UNIQUE (number);

-- Name: restaurants restaurants_pkey; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.restaurants
    ADD CONSTRAINT restaurants_pkey PRIMARY KEY (id);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

-- Name: sessions sessions_secret_hash_key; Type: CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.sessions
    ADD CONSTRAINT sessions_secret_hash_key UNIQUE (secret_hash);

-- Name: active_admins; Type: INDEX; Schema: accounts; Owner: -

CREATE INDEX active_admins ON accounts.people USING btree (id) WHERE ((role = 'admin'::text) AND active);

-- Name: living_sessions; Type: INDEX; Schema: accounts; Owner: -

CREATE INDEX living_sessions ON accounts.sessions USING btree (person_id) WHERE (revoked_at IS NULL);

-- Name: outbox_parked; Type: INDEX; Schema: accounts; Owner: -

CREATE INDEX outbox_parked ON accounts.outbox USING btree (key) WHERE (parked_at IS NOT NULL);

-- Name: outbox_waiting; Type: INDEX; Schema: accounts; Owner: -

CREATE INDEX outbox_waiting ON accounts.outbox USING btree (id) WHERE ((published_at IS NULL) AND (parked_at IS NULL));

-- Name: people_by_role; Type: INDEX; Schema: accounts; Owner: -

CREATE INDEX people_by_role ON accounts.people USING btree (role, id DESC);

-- Name: sessions_by_end; Type: INDEX; Schema: accounts; Owner: -

CREATE INDEX sessions_by_end ON accounts.sessions USING btree (expires_at);

-- Name: people people_restaurant_id_fkey; Type: FK CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.people
    ADD CONSTRAINT people_restaurant_id_fkey FOREIGN KEY (restaurant_id) REFERENCES accounts.restaurants(id);

-- Name: sessions sessions_person_id_fkey; Type: FK CONSTRAINT; Schema: accounts; Owner: -

ALTER TABLE ONLY accounts.sessions
    ADD CONSTRAINT sessions_person_id_fkey FOREIGN KEY (person_id) REFERENCES accounts.people(id);

-- Name: SCHEMA accounts; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA accounts TO accounts_service;
GRANT USAGE ON SCHEMA accounts TO relay_service;

-- Name: TABLE outbox; Type: ACL; Schema: accounts; Owner: -

GRANT SELECT,DELETE,UPDATE ON TABLE accounts.outbox TO relay_service;

-- Name: COLUMN outbox.event_id; Type: ACL; Schema: accounts; Owner: -

GRANT INSERT(event_id) ON TABLE accounts.outbox TO accounts_service;

-- Name: COLUMN outbox.key; Type: ACL; Schema: accounts; Owner: -

GRANT INSERT(key) ON TABLE accounts.outbox TO accounts_service;

-- Name: COLUMN outbox.subject; Type: ACL; Schema: accounts; Owner: -

GRANT INSERT(subject) ON TABLE accounts.outbox TO accounts_service;

-- Name: COLUMN outbox.payload; Type: ACL; Schema: accounts; Owner: -

GRANT INSERT(payload) ON TABLE accounts.outbox TO accounts_service;

-- Name: COLUMN outbox.ttl_seconds; Type: ACL; Schema: accounts; Owner: -

GRANT INSERT(ttl_seconds) ON TABLE accounts.outbox TO accounts_service;

-- Name: TABLE people; Type: ACL; Schema: accounts; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE accounts.people TO accounts_service;

-- Name: TABLE restaurants; Type: ACL; Schema: accounts; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE accounts.restaurants TO accounts_service;

-- Name: TABLE sessions; Type: ACL; Schema: accounts; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE accounts.sessions TO accounts_service;
