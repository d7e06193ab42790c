-- migrate:up

create schema if not exists accounts;

create table accounts.restaurants (
    id uuid primary key,
    -- The store's number, which people know it by.
    number integer not null unique,
    name text not null,
    address text not null,
    lat double precision not null check (lat between -90 and 90),
    lon double precision not null check (lon between -180 and 180),
    zone integer not null,
    credit_limit_cents bigint not null check (credit_limit_cents >= 0),
    active boolean not null,
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table accounts.people (
    id uuid primary key,
    -- Lower-cased by the application: two spellings are one address.
    email text not null unique check (email = lower(email)),
    name text not null,
    role text not null check (role in ('restaurant', 'driver', 'admin')),
    restaurant_id uuid references accounts.restaurants (id),
    zone integer,
    password_hash text not null,
    active boolean not null,
    -- Tokens issued before are void, in every service.
    tokens_valid_from timestamptz not null,
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint a_restaurants_person_has_it check ((role = 'restaurant') = (restaurant_id is not null)),
    constraint a_driver_has_a_zone check ((role = 'driver') = (zone is not null))
);

-- The admin's list of one role.
create index people_by_role on accounts.people (role, id desc);
-- "Is there another admin?", asked when one is to go.
create index active_admins on accounts.people (id) where role = 'admin' and active;

create table accounts.sessions (
    id uuid primary key,
    person_id uuid not null references accounts.people (id),
    -- SHA-256 of what the browser holds: who reads this table cannot renew anybody's token.
    secret_hash bytea not null unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);

-- A person's living sessions, when they are to be ended.
create index living_sessions on accounts.sessions (person_id) where revoked_at is null;
-- What may be forgotten.
create index sessions_by_end on accounts.sessions (expires_at);

create table accounts.outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null,
    key uuid not null,
    subject text not null,
    payload bytea not null,
    ttl_seconds integer,
    created_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    parked_at timestamptz,
    error text
);
-- The relay's look: only what waits is in it.
create index outbox_waiting on accounts.outbox (id) where published_at is null and parked_at is null;
create index outbox_parked on accounts.outbox (key) where parked_at is not null;

grant usage on schema accounts to accounts_service, relay_service;
grant select, insert, update on accounts.people, accounts.restaurants to accounts_service;
grant select, insert, update, delete on accounts.sessions to accounts_service;
grant insert (event_id, key, subject, payload, ttl_seconds) on accounts.outbox to accounts_service;
grant select, update, delete on accounts.outbox to relay_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
