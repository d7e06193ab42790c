-- What the projection would have made of all the seeded orders, by the definitions in services/analytics/projection/domain.py, as
-- statements over whole tables. Run as superuser into empty tables, in one transaction. $1: the zone that days and weeks are
-- cut in. Buckets of histograms are eighths of a doubling; the billionth keeps whole doublings on their own side of the
-- edge, where a logarithm comes out a hair below.

-- name: fill_orders
-- Each seeded version has a state of its own: an order came into its last one when it last changed.
insert into analytics.orders (
    id, number, version, restaurant_id, driver_id, status, reason, lines, total_cents, created_at, entered_at
)
select
    id, number, version, restaurant_id, driver_id, status,
    case when status in ('rejected', 'cancelled') then coalesce(reason, '') end,
    lines, total_cents, created_at, updated_at
from orders.orders
order by created_at, id;

-- name: fill_names
-- Restaurants and drivers as accounts has them; of products the price book knows no more than names.
with restaurants as (
    insert into analytics.restaurants (id, number, name, zone, version)
    select id, number, name, zone, version from accounts.restaurants
),

products as (
    insert into analytics.products (id, sku, name, category, current_category, version)
    select
        product_id, 'S' || row_number() over (order by product_id), name, split_part(name, ' ', 1),
        split_part(name, ' ', 1), version
    from orders.price_book
)

insert into analytics.drivers (id, name, zone, version)
select id, name, zone, version from accounts.people where role = 'driver';

-- name: make_hours#
-- What each restaurant's orders of an hour come to, and which day and week it is part of.
create temporary table seed_hours (
    restaurant_id uuid not null, hour timestamptz not null, day timestamptz not null, week timestamptz not null,
    orders bigint not null, pending bigint not null, confirmed bigint not null, rejected bigint not null,
    preparing bigint not null, ready bigint not null, out_for_delivery bigint not null, delivered bigint not null,
    failed bigint not null, cancelled bigint not null, on_time bigint not null, revenue_cents bigint not null,
    lines bigint not null
) on commit drop;

-- name: draw_hours
-- $2: within which time of its order a delivery is on time.
insert into seed_hours
select
    restaurant_id, date_trunc('hour', created_at, 'UTC'), date_trunc('day', created_at, $1),
    date_trunc('week', created_at, $1),
    count(*),
    count(*) filter (where status = 'pending'),
    count(*) filter (where status = 'confirmed'),
    count(*) filter (where status = 'rejected'),
    count(*) filter (where status = 'preparing'),
    count(*) filter (where status = 'ready'),
    count(*) filter (where status = 'out_for_delivery'),
    count(*) filter (where status = 'delivered'),
    count(*) filter (where status = 'failed'),
    count(*) filter (where status = 'cancelled'),
    count(*) filter (where status = 'delivered' and entered_at <= created_at + $2::interval),
    coalesce(sum(total_cents) filter (where status not in ('rejected', 'cancelled')), 0),
    coalesce(sum(lines) filter (where status not in ('rejected', 'cancelled')), 0)
from analytics.orders
group by 1, 2, 3, 4;

-- name: fill_totals
insert into analytics.totals (
    subject, grain, at, orders, pending, confirmed, rejected, preparing, ready, out_for_delivery, delivered, failed,
    cancelled, on_time, revenue_cents, lines
)
select
    kept.subject, kept.grain, kept.at, sum(orders), sum(pending), sum(confirmed), sum(rejected), sum(preparing), sum(ready),
    sum(out_for_delivery), sum(delivered), sum(failed), sum(cancelled), sum(on_time), sum(revenue_cents), sum(lines)
from seed_hours
cross join lateral (
    values
    (restaurant_id, 'hour', hour), (restaurant_id, 'day', day), (restaurant_id, 'week', week),
    (uuid '00000000-0000-0000-0000-000000000000', 'hour', hour),
    (uuid '00000000-0000-0000-0000-000000000000', 'day', day),
    (uuid '00000000-0000-0000-0000-000000000000', 'week', week)
) as kept (subject, grain, at)
group by kept.subject, kept.grain, kept.at
order by kept.subject, kept.grain, kept.at;

-- name: fill_totals_of_drivers
-- $2: as above.
insert into analytics.totals (
    subject, grain, at, orders, pending, confirmed, rejected, preparing, ready, out_for_delivery, delivered, failed,
    cancelled, on_time, revenue_cents, lines
)
select
    driver_id, kept.grain, kept.at,
    count(*),
    count(*) filter (where status = 'pending'),
    count(*) filter (where status = 'confirmed'),
    count(*) filter (where status = 'rejected'),
    count(*) filter (where status = 'preparing'),
    count(*) filter (where status = 'ready'),
    count(*) filter (where status = 'out_for_delivery'),
    count(*) filter (where status = 'delivered'),
    count(*) filter (where status = 'failed'),
    count(*) filter (where status = 'cancelled'),
    count(*) filter (where status = 'delivered' and entered_at <= created_at + $2::interval),
    coalesce(sum(total_cents) filter (where status not in ('rejected', 'cancelled')), 0),
    coalesce(sum(lines) filter (where status not in ('rejected', 'cancelled')), 0)
from analytics.orders
cross join lateral (
    values ('day', date_trunc('day', created_at, $1)), ('week', date_trunc('week', created_at, $1))
) as kept (grain, at)
where driver_id is not null
group by driver_id, kept.grain, kept.at
order by driver_id, kept.grain, kept.at;

-- name: make_measured#
-- What was measured of each order. Drivers have what they drove.
create temporary table seed_measured (
    restaurant_id uuid not null, driver_id uuid, created_at timestamptz not null, measure text not null,
    bucket integer not null
) on commit drop;

-- name: draw_deliveries
insert into seed_measured
select
    restaurant_id, driver_id, created_at, 'delivery',
    floor(ln(greatest(extract(epoch from entered_at - created_at)::float8, 2 ^ -10)) / ln(2::float8) * 8 + 1e-9)
from analytics.orders
where status = 'delivered';

-- name: draw_baskets
insert into seed_measured
select
    restaurant_id, null, created_at, size.measure,
    floor(ln(greatest(size.value, 2 ^ -10)) / ln(2::float8) * 8 + 1e-9)
from analytics.orders
cross join lateral (
    values ('basket_lines', lines::float8), ('basket_cents', total_cents::float8)
) as size (measure, value)
where status not in ('rejected', 'cancelled');

-- name: draw_stays
-- From one version to the next: each has a state of its own.
insert into seed_measured
select
    placed.restaurant_id, case when stay.status = 'out_for_delivery' then stay.driver_id end, placed.created_at, stay.status,
    floor(ln(greatest(extract(epoch from stay.until - stay.at)::float8, 2 ^ -10)) / ln(2::float8) * 8 + 1e-9)
from (
    select
        order_id, status, driver_id, at,
        lead(at) over (partition by order_id order by version) as until
    from orders.order_history
) as stay
inner join analytics.orders as placed on placed.id = stay.order_id
where stay.until is not null;

-- name: fill_histograms
insert into analytics.histograms (subject, grain, measure, at, bucket, amount)
select kept.subject, kept.grain, measure, kept.at, bucket, count(*)
from seed_measured
cross join lateral (
    values
    (uuid '00000000-0000-0000-0000-000000000000', 'day', date_trunc('day', created_at, $1)),
    (uuid '00000000-0000-0000-0000-000000000000', 'week', date_trunc('week', created_at, $1)),
    (restaurant_id, 'day', date_trunc('day', created_at, $1)),
    (driver_id, 'day', date_trunc('day', created_at, $1)),
    (
        case measure when 'delivery' then uuid '00000000-0000-0000-0000-000000000000' end,
        'hour', date_trunc('hour', created_at, 'UTC')
    ),
    (case measure when 'delivery' then restaurant_id end, 'hour', date_trunc('hour', created_at, 'UTC'))
) as kept (subject, grain, at)
where kept.subject is not null
group by kept.subject, kept.grain, measure, kept.at, bucket
order by kept.subject, kept.grain, measure, kept.at, bucket;

-- name: fill_reasons
insert into analytics.reasons (subject, at, status, reason, orders)
select kept.subject, date_trunc('day', created_at, $1) as at, status, reason, count(*)
from analytics.orders
cross join lateral (values (uuid '00000000-0000-0000-0000-000000000000'), (restaurant_id)) as kept (subject)
where status in ('rejected', 'cancelled')
group by kept.subject, 2, status, reason
order by kept.subject, 2, status, reason;

-- name: make_sold#
-- What was sold of each product with each order; several lines of a product are one.
create temporary table seed_sold (
    order_id uuid not null, restaurant_id uuid not null, product_id uuid not null, category text not null,
    quantity bigint not null, revenue_cents bigint not null, day timestamptz not null, week timestamptz not null
) on commit drop;

-- name: draw_sold
insert into seed_sold
select
    placed.id, placed.restaurant_id, line.product_id, coalesce(product.category, ''), line.quantity, line.revenue_cents,
    date_trunc('day', placed.created_at, $1), date_trunc('week', placed.created_at, $1)
from orders.orders as placed
cross join lateral (
    select item.product_id, sum(item.quantity) as quantity, sum(item.quantity * item.price_cents) as revenue_cents
    from json_to_recordset(placed.items) as item (product_id uuid, quantity bigint, price_cents bigint)
    group by item.product_id
) as line
left join analytics.products as product on product.id = line.product_id
where placed.status not in ('rejected', 'cancelled');

-- name: fill_product_sales
insert into analytics.product_sales (subject, grain, at, product_id, orders, quantity, revenue_cents)
select kept.subject, kept.grain, kept.at, product_id, count(*), sum(quantity), sum(revenue_cents)
from seed_sold
cross join lateral (
    values
    (uuid '00000000-0000-0000-0000-000000000000', 'day', day),
    (uuid '00000000-0000-0000-0000-000000000000', 'week', week),
    (restaurant_id, 'day', day)
) as kept (subject, grain, at)
group by kept.subject, kept.grain, kept.at, product_id
order by kept.subject, kept.grain, kept.at, product_id;

-- name: fill_category_sales
insert into analytics.category_sales (grain, at, category, orders, quantity, revenue_cents)
select kept.grain, kept.at, category, count(distinct order_id), sum(quantity), sum(revenue_cents)
from seed_sold
cross join lateral (values ('day', day), ('week', week)) as kept (grain, at)
group by kept.grain, kept.at, category
order by kept.grain, kept.at, category;

-- name: move_projection
-- As if all that there is had been counted just now.
update analytics.projection set epoch = 'seed', as_of = $2, zone = $1 returning one_row;
