-- migrate:up

create schema if not exists orders;

-- What orders knows of others, learned from their streams. `version` is the owner's: a lower one never overwrites.

create table orders.restaurants (
    id uuid primary key,
    name text not null,
    address text not null,
    lat double precision not null,
    lon double precision not null,
    zone integer not null,
    credit_limit_cents bigint not null,
    active boolean not null,
    version integer not null
);

create table orders.drivers (
    id uuid primary key,
    name text not null,
    zone integer,
    active boolean not null,
    version integer not null
);

create table orders.price_book (
    product_id uuid primary key,
    name text not null,
    unit text not null,
    price_cents bigint not null,
    active boolean not null,
    version integer not null
);

-- What people read to each other on the phone. Gaps are allowed: a number is taken before its order commits.
create sequence orders.order_number as bigint start 1001;

create table orders.orders (
    id uuid primary key,
    number bigint not null unique,
    restaurant_id uuid not null,
    restaurant_name text not null,
    zone integer not null,
    driver_id uuid,
    driver_name text,
    status text not null check (
        status in (
            'pending', 'confirmed', 'rejected', 'preparing', 'ready', 'out_for_delivery', 'delivered', 'failed',
            'cancelled'
        )
    ),
    reason text,
    version integer not null check (version >= 1),
    total_cents bigint not null check (total_cents >= 0),
    lines integer not null check (lines between 1 and 200),
    -- A document, not a table: the lines are fixed when the order is placed, always read whole, and sent as they are.
    -- json and not jsonb keeps the bytes.
    items json not null,
    note text,
    address text not null,
    lat double precision not null,
    lon double precision not null,
    stop integer,
    shortages json not null default '[]',
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint driver_has_name check ((driver_id is null) = (driver_name is null)),
    constraint delivery_has_driver check (
        driver_id is not null or status not in ('out_for_delivery', 'delivered', 'failed')
    )
);

-- A restaurant's list, and with status. The policy's column leads, so the index gives the order under RLS too.
create index orders_of_restaurant on orders.orders (restaurant_id, created_at desc, id desc);
create index orders_of_restaurant_by_status on orders.orders (restaurant_id, status, created_at desc, id desc);
-- A driver's list. Most orders never had one that still matters: no index entry for those without.
create index orders_of_driver on orders.orders (driver_id, created_at desc, id desc) where driver_id is not null;
-- A zone's open offers: a handful of rows at any time.
create index open_offers on orders.orders (zone, created_at desc, id desc)
where status = 'ready' and driver_id is null;
-- The admin's list, and with status.
create index orders_by_time on orders.orders (created_at desc, id desc);
create index orders_by_status on orders.orders (status, created_at desc, id desc);

-- One row a version, never changed and never deleted: with the order's row it rebuilds every event.
create table orders.order_history (
    order_id uuid not null references orders.orders (id),
    version integer not null,
    event_id uuid not null,
    event text not null,
    status text not null,
    driver_id uuid,
    driver_name text,
    reason text,
    stop integer,
    actor_id uuid,
    actor_role text not null,
    request_id text,
    traceparent text,
    at timestamptz not null,
    primary key (order_id, version)
);

-- An answer given once is given again. `scope` is the restaurant, or the person for drivers and admins. Lives as long
-- as its order.
create table orders.idempotency_keys (
    scope uuid not null,
    key text not null check (length(key) between 1 and 128),
    request_hash bytea not null,
    order_id uuid not null references orders.orders (id),
    status smallint not null,
    response bytea not null,
    created_at timestamptz not null,
    primary key (scope, key)
);

create table orders.outbox (
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
create index outbox_waiting on orders.outbox (id) where published_at is null and parked_at is null;
create index outbox_parked on orders.outbox (key) where parked_at is not null;

-- Who may do what. The service logs in as orders_service, which alone may fill the copies and alone sees no order; with
-- SET LOCAL ROLE it becomes the caller's role, and the policies below hold.

grant usage on schema orders to orders_service, relay_service, restaurant, driver, admin, system;
grant select, insert, update on orders.restaurants, orders.drivers, orders.price_book to orders_service;
grant select on orders.restaurants, orders.drivers, orders.price_book to restaurant, driver, admin, system;
grant usage on sequence orders.order_number to restaurant;
grant select on orders.orders, orders.order_history, orders.idempotency_keys to restaurant, driver, admin, system;
grant insert on orders.orders to restaurant;
grant update (status, driver_id, driver_name, reason, version, stop, shortages, updated_at) on orders.orders
to restaurant, driver, admin, system;
grant insert on orders.order_history, orders.idempotency_keys to restaurant, driver, admin, system;
grant insert (event_id, key, subject, payload) on orders.outbox to restaurant, driver, admin, system;
grant select, update, delete on orders.outbox to relay_service;

alter table orders.orders enable row level security;
alter table orders.orders force row level security;
alter table orders.order_history enable row level security;
alter table orders.order_history force row level security;
alter table orders.idempotency_keys enable row level security;
alter table orders.idempotency_keys force row level security;

-- Who is asking, from SET LOCAL; on a reused connection an unset one reads as ''. The policies wrap these in a sub-select
-- so that they are evaluated once a query.
create function orders.person_id() returns uuid language sql stable parallel safe
return nullif(current_setting('app.person_id', true), '')::uuid;
create function orders.restaurant_id() returns uuid language sql stable parallel safe
return nullif(current_setting('app.restaurant_id', true), '')::uuid;
create function orders.zone() returns integer language sql stable parallel safe
return nullif(current_setting('app.zone', true), '')::integer;

-- FORCE binds even the owner; this lets migrations and the function below see.
create policy owner_sees_all on orders.orders to current_user using (true);
create policy owner_sees_all on orders.order_history to current_user using (true);
create policy owner_sees_all on orders.idempotency_keys to current_user using (true);

create policy restaurant_own on orders.orders to restaurant
using (restaurant_id = (select orders.restaurant_id()))
with check (restaurant_id = (select orders.restaurant_id()));

create policy driver_assigned_or_offered on orders.orders to driver
using (
    driver_id = (select orders.person_id())
    or (status = 'ready' and driver_id is null and zone = (select orders.zone()))
)
with check (driver_id = (select orders.person_id()));

create policy admin_all on orders.orders to admin using (true);
create policy system_all on orders.orders to system using (true);

-- Who sees an order sees its history; who acts writes it under their own name.
create policy as_the_order on orders.order_history for select to restaurant, driver
using (exists (select from orders.orders as seen where seen.id = order_history.order_id));
create policy admin_all on orders.order_history for select to admin, system using (true);
create policy own_deeds on orders.order_history for insert to restaurant, driver, admin
with check (actor_id = (select orders.person_id()) and actor_role = current_user);
create policy system_deeds on orders.order_history for insert to system
with check (actor_id is null and actor_role = 'system');

create policy restaurant_own on orders.idempotency_keys to restaurant
using (scope = (select orders.restaurant_id())) with check (scope = (select orders.restaurant_id()));
create policy person_own on orders.idempotency_keys to driver, admin
using (scope = (select orders.person_id())) with check (scope = (select orders.person_id()));

-- To a driver whose claim found no row: whether somebody else of the zone was faster. True only for an order of the
-- caller's zone that has a driver; of everything else, and of who has it, nothing is told.
create function orders.offer_is_taken(wanted uuid) returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from orders.orders
    where id = wanted and zone = (select orders.zone()) and driver_id is not null
);
revoke execute on function orders.offer_is_taken(uuid) from public;
grant execute on function orders.offer_is_taken(uuid) to driver;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
