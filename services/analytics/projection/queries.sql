-- What projecting asks of the tables. A rebuild asks the same of its own, in the schema analytics_rebuild.

-- name: get_position
-- How far the stream is folded in, and whether nobody has moved it for so many seconds ($1).
select
    epoch, seq, zone, generation, as_of, extract(epoch from clock_timestamp() - moved_at) > $1::float8 as resting
from analytics.projection;

-- name: move_projection
-- From the position ($1, $2) of a generation ($3) to another ($4, $5): no row when somebody else has moved it. All that the
-- stream held at $6 is folded in then. $7 is whose days they are.
update analytics.projection
set epoch = $4, seq = $5, as_of = greatest(as_of, $6), zone = $7, moved_at = clock_timestamp()
where epoch = $1 and seq = $2 and generation = $3
returning one_row;

-- name: list_counted
-- What was counted last of these orders.
select
    id, number, version, restaurant_id, driver_id, status, reason, lines, total_cents, created_at, entered_at
from analytics.orders
where id = any($1::uuid []);

-- name: upsert_counted
insert into analytics.orders (
    id, number, version, restaurant_id, driver_id, status, reason, lines, total_cents, created_at, entered_at
)
select * from unnest(
    $1::uuid [], $2::bigint [], $3::integer [], $4::uuid [], $5::uuid [], $6::text [], $7::text [], $8::integer [],
    $9::bigint [], $10::timestamptz [], $11::timestamptz []
)
on conflict (id) do update
set
    version = excluded.version, driver_id = excluded.driver_id, status = excluded.status, reason = excluded.reason,
    entered_at = excluded.entered_at;

-- name: add_totals
insert into analytics.totals as total (
    subject, grain, at, orders, pending, confirmed, rejected, preparing, ready, out_for_delivery, delivered, failed,
    cancelled, on_time, revenue_cents, lines
)
select * from unnest(
    $1::uuid [], $2::text [], $3::timestamptz [], $4::integer [], $5::integer [], $6::integer [], $7::integer [],
    $8::integer [], $9::integer [], $10::integer [], $11::integer [], $12::integer [], $13::integer [], $14::integer [],
    $15::bigint [], $16::bigint []
)
on conflict (subject, grain, at) do update
set
    orders = total.orders + excluded.orders,
    pending = total.pending + excluded.pending,
    confirmed = total.confirmed + excluded.confirmed,
    rejected = total.rejected + excluded.rejected,
    preparing = total.preparing + excluded.preparing,
    ready = total.ready + excluded.ready,
    out_for_delivery = total.out_for_delivery + excluded.out_for_delivery,
    delivered = total.delivered + excluded.delivered,
    failed = total.failed + excluded.failed,
    cancelled = total.cancelled + excluded.cancelled,
    on_time = total.on_time + excluded.on_time,
    revenue_cents = total.revenue_cents + excluded.revenue_cents,
    lines = total.lines + excluded.lines;

-- name: add_histograms
insert into analytics.histograms as histogram (subject, grain, measure, at, bucket, amount)
select * from unnest($1::uuid [], $2::text [], $3::text [], $4::timestamptz [], $5::smallint [], $6::integer [])
on conflict (subject, grain, measure, at, bucket) do update set amount = histogram.amount + excluded.amount;

-- name: add_reasons
insert into analytics.reasons as given (subject, at, status, reason, orders)
select * from unnest($1::uuid [], $2::timestamptz [], $3::text [], $4::text [], $5::integer [])
on conflict (subject, at, status, reason) do update set orders = given.orders + excluded.orders;

-- name: add_category_sales
insert into analytics.category_sales as sales (grain, at, category, orders, quantity, revenue_cents)
select * from unnest($1::text [], $2::timestamptz [], $3::text [], $4::integer [], $5::bigint [], $6::bigint [])
on conflict (grain, at, category) do update
set
    orders = sales.orders + excluded.orders,
    quantity = sales.quantity + excluded.quantity,
    revenue_cents = sales.revenue_cents + excluded.revenue_cents;

-- name: add_product_sales
insert into analytics.product_sales as sales (subject, grain, at, product_id, orders, quantity, revenue_cents)
select * from unnest(
    $1::uuid [], $2::text [], $3::timestamptz [], $4::uuid [], $5::integer [], $6::bigint [], $7::bigint []
)
on conflict (subject, grain, at, product_id) do update
set
    orders = sales.orders + excluded.orders,
    quantity = sales.quantity + excluded.quantity,
    revenue_cents = sales.revenue_cents + excluded.revenue_cents;

-- name: list_categories
-- What the sales of these products count under.
select id, category from analytics.products where id = any($1::uuid []);

-- name: insert_products
-- Those that are not there yet.
insert into analytics.products (id, sku, name, category, current_category, version)
select id, sku, name, category, category, version
from unnest($1::uuid [], $2::text [], $3::text [], $4::text [], $5::integer [])
    as product (id, sku, name, category, version)
on conflict (id) do nothing;

-- name: upsert_products
-- What is newer than what is there. What sales count under stays.
insert into analytics.products as known (id, sku, name, category, current_category, version)
select id, sku, name, category, category, version
from unnest($1::uuid [], $2::text [], $3::text [], $4::text [], $5::integer [])
    as product (id, sku, name, category, version)
on conflict (id) do update
set sku = excluded.sku, name = excluded.name, current_category = excluded.current_category, version = excluded.version
where known.version < excluded.version;

-- name: upsert_restaurants
insert into analytics.restaurants as known (id, number, name, zone, version)
select * from unnest($1::uuid [], $2::integer [], $3::text [], $4::integer [], $5::integer [])
on conflict (id) do update
set number = excluded.number, name = excluded.name, zone = excluded.zone, version = excluded.version
where known.version < excluded.version;

-- name: upsert_drivers
insert into analytics.drivers as known (id, name, zone, version)
select * from unnest($1::uuid [], $2::text [], $3::integer [], $4::integer [])
on conflict (id) do update
set name = excluded.name, zone = excluded.zone, version = excluded.version
where known.version < excluded.version;
