-- migrate:up

set lock_timeout = '2s';

create schema if not exists analytics;

-- The read models that the stream of orders is folded into. docs/analytics.md has the whole of it.
--
-- A bucket is (grain, at): an hour of UTC, a day or a week (from Monday) of the business's zone; `at` is the instant at
-- which it begins. All that an order ever counts, it counts in the buckets of its created_at. A subject is whose numbers
-- they are: a restaurant, a driver, or 00000000-0000-0000-0000-000000000000 for the whole business.
-- No row is needed where nothing happened, and a row whose numbers came back to zero may stay.

-- How far the stream is folded in: one row. It moves in the transaction of what it says.
create table analytics.projection (
    one_row boolean primary key default true check (one_row),
    -- A position in ORDERS; void under another epoch.
    epoch text not null,
    seq bigint not null check (seq >= 0),
    -- Everything that the stream held at this moment is folded in; null before the first time. Moves at least each second
    -- while a projector runs.
    as_of timestamptz,
    -- The IANA name of the zone that days and weeks are cut in. Another one takes a rebuild.
    zone text not null
) with (fillfactor = 50);
insert into analytics.projection (epoch, seq, as_of, zone) values ('', 0, null, 'UTC');

-- The last version of each order that was folded in, with what is needed to take back what it counted. Lines are not kept:
-- they never change, and each event carries them.
create table analytics.orders (
    id uuid primary key,
    number bigint not null,
    version integer not null check (version >= 1),
    restaurant_id uuid not null,
    driver_id uuid,
    status text not null check (
        status in (
            'pending', 'confirmed', 'rejected', 'preparing', 'ready', 'out_for_delivery', 'delivered', 'failed', 'cancelled'
        )
    ),
    -- Of a rejection, cancellation or failure.
    reason text,
    lines integer not null,
    total_cents bigint not null,
    created_at timestamptz not null,
    -- When it came into its status.
    entered_at timestamptz not null
) with (fillfactor = 85);
-- From a number to its orders: all of a span of time, or a restaurant's.
create index on analytics.orders (created_at, id);
create index on analytics.orders (restaurant_id, created_at, id);

-- Products by CATALOG. Sales count under `category`: what the product was in when it was first seen, until a rebuild.
create table analytics.products (
    id uuid primary key,
    sku text not null,
    name text not null,
    category text not null,
    -- What it is in now.
    current_category text not null,
    version integer not null
);

-- Restaurants and drivers by ACCOUNTS. `number` is the store's.
create table analytics.restaurants (
    id uuid primary key,
    number integer not null,
    name text not null,
    zone integer not null,
    version integer not null
);
create table analytics.drivers (
    id uuid primary key,
    name text not null,
    zone integer not null,
    version integer not null
);

-- Orders by the state that they are in now, and what they are worth. The business and restaurants by hour, day and week;
-- drivers, by the orders that they have now, by day and week.
create table analytics.totals (
    subject uuid not null,
    grain text collate "C" not null check (grain in ('hour', 'day', 'week')),
    at timestamptz not null,
    orders integer not null,
    pending integer not null,
    confirmed integer not null,
    rejected integer not null,
    preparing integer not null,
    ready integer not null,
    out_for_delivery integer not null,
    delivered integer not null,
    failed integer not null,
    cancelled integer not null,
    -- Of the orders that are neither rejected nor cancelled: what they come to, and how many lines they have together.
    revenue_cents bigint not null,
    lines bigint not null,
    primary key (subject, grain, at)
) with (fillfactor = 85);

-- How many of something fell into which of the logarithmic buckets of services/analytics/histogram.py.
--   pending … failed             seconds that an order stayed in the state, once for each stay that has ended
--   delivery                     seconds from created_at to the delivery
--   basket_lines, basket_cents   sizes of the orders that are neither rejected nor cancelled
-- The business by day and week; restaurants, and drivers for what they drove (out_for_delivery, delivery), by day.
create table analytics.histograms (
    subject uuid not null,
    grain text collate "C" not null check (grain in ('day', 'week')),
    measure text collate "C" not null check (
        measure in (
            'pending', 'confirmed', 'preparing', 'ready', 'out_for_delivery', 'failed', 'delivery',
            'basket_lines', 'basket_cents'
        )
    ),
    at timestamptz not null,
    bucket smallint not null,
    amount integer not null,
    primary key (subject, grain, measure, at, bucket)
) with (fillfactor = 85);

-- Why orders were rejected or cancelled. The business and restaurants, by day.
create table analytics.reasons (
    subject uuid not null,
    at timestamptz not null,
    status text collate "C" not null check (status in ('rejected', 'cancelled')),
    -- Empty where none was given.
    reason text not null,
    orders integer not null,
    primary key (subject, at, status, reason)
);

-- What was sold of a category, of orders that are neither rejected nor cancelled, by day and week. `orders` have a line or
-- more of it.
create table analytics.category_sales (
    grain text collate "C" not null check (grain in ('day', 'week')),
    at timestamptz not null,
    -- Empty for products that the catalogue does not know.
    category text not null,
    orders integer not null,
    quantity bigint not null,
    revenue_cents bigint not null,
    primary key (grain, at, category)
) with (fillfactor = 85);

-- What was sold of a product, of orders that are neither rejected nor cancelled: by the whole business by day and week, to
-- a restaurant by day.
create table analytics.product_sales (
    subject uuid not null,
    grain text collate "C" not null check (grain in ('day', 'week')),
    at timestamptz not null,
    product_id uuid not null,
    orders integer not null,
    quantity bigint not null,
    revenue_cents bigint not null,
    primary key (subject, grain, at, product_id)
) with (fillfactor = 85);

grant usage on schema analytics to analytics_service;
grant select, insert, update, delete on
    analytics.projection, analytics.orders, analytics.products, analytics.restaurants, analytics.drivers,
    analytics.totals, analytics.histograms, analytics.reasons, analytics.category_sales, analytics.product_sales
to analytics_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
