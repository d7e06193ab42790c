-- The generator's statements, run as superuser in one transaction. Temporary tables hold what orders are drawn from.

-- name: make_moments#
-- When which restaurant orders: the year's baskets in the order of their time.
create temporary table seed_moments (place integer primary key, store integer not null, at timestamptz not null)
on commit drop;

-- name: make_baskets#
-- What is in an order.
create temporary table seed_baskets (
    place integer primary key, items json not null, lines integer not null, total_cents bigint not null
) on commit drop;

-- name: make_drivers
-- Who drives in a zone: the place'th of so many.
create temporary table seed_drivers on commit drop as
select id, name, zone, row_number() over (partition by zone order by id) - 1 as place
from orders.drivers
where active and zone is not null;

-- name: make_restaurants
-- Who orders, by the number of the store; a person who does it, and how many drive there.
create temporary table seed_restaurants on commit drop as
select
    owned.number as store, known.id, known.name, known.address, known.lat, known.lon, known.zone,
    (select person.id from accounts.people as person where person.restaurant_id = known.id order by id limit 1) as person_id,
    (select count(*) from seed_drivers as driver where driver.zone = known.zone) as drivers
from orders.restaurants as known
inner join accounts.restaurants as owned on owned.id = known.id;

-- name: make_steps
-- The ways an order can go, version by version; `share` of the time it takes has passed by then.
create temporary table seed_steps on commit drop as
select
    way, version, event, status, actor_role, reason, share::float8 as share,
    event in ('OrderDispatched', 'OrderDelivered', 'OrderDeliveryFailed') or version = 7 as driven
from (
    values
    ('delivered', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('delivered', 2, 'OrderConfirmed', 'confirmed', 'admin', null, 0.1),
    ('delivered', 3, 'OrderPreparationStarted', 'preparing', 'admin', null, 0.3),
    ('delivered', 4, 'OrderReady', 'ready', 'admin', null, 0.6),
    ('delivered', 5, 'OrderDispatched', 'out_for_delivery', 'driver', null, 0.8),
    ('delivered', 6, 'OrderDelivered', 'delivered', 'driver', null, 1.0),
    ('failed', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('failed', 2, 'OrderConfirmed', 'confirmed', 'admin', null, 0.1),
    ('failed', 3, 'OrderPreparationStarted', 'preparing', 'admin', null, 0.3),
    ('failed', 4, 'OrderReady', 'ready', 'admin', null, 0.6),
    ('failed', 5, 'OrderDispatched', 'out_for_delivery', 'driver', null, 0.8),
    ('failed', 6, 'OrderDeliveryFailed', 'failed', 'driver', 'Nobody was there.', 0.9),
    ('failed', 7, 'OrderCancelled', 'cancelled', 'admin', 'It could not be delivered.', 1.0),
    ('rejected', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('rejected', 2, 'OrderRejected', 'rejected', 'admin', 'Out of stock.', 0.1),
    ('cancelled', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('cancelled', 2, 'OrderCancelled', 'cancelled', 'restaurant', 'Ordered twice.', 0.1),
    ('cancelled late', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('cancelled late', 2, 'OrderConfirmed', 'confirmed', 'admin', null, 0.1),
    ('cancelled late', 3, 'OrderCancelled', 'cancelled', 'restaurant', 'No longer needed.', 0.2)
) as step (way, version, event, status, actor_role, reason, share);

-- name: make_chunk#
-- Some orders, before they are written. `random_hex` is the random part of their UUIDv7.
create temporary table seed_chunk (
    id uuid not null, random_hex text not null, store integer not null, basket integer not null, way text not null,
    version integer not null, driver_id uuid not null, driver_name text not null, stop integer not null,
    created_at timestamptz not null, takes interval not null
) on commit drop;

-- name: empty_chunk#
-- Makes room for the next ones.
truncate seed_chunk;

-- name: draw_chunk
-- The orders $1 to $2 of $3, over the $4 moments of a year; $5 shifts its end to before $6. The last $7 orders are under
-- way. $8: how many baskets there are. Ids are UUIDv7 of their moment.
insert into seed_chunk (
    id, random_hex, store, basket, way, version, driver_id, driver_name, stop, created_at, takes
)
select
    (lpad(to_hex((date_part('epoch', dated.created_at) * 1000)::bigint), 12, '0') || dated.random_hex)::uuid,
    dated.random_hex, dated.store, dated.basket, way.name,
    case
        when not dated.under_way
            then case way.name when 'delivered' then 6 when 'failed' then 7 when 'cancelled late' then 3 else 2 end
        when way.name = 'failed' then 6
        else 1 + floor(dated.pace * 5)::integer
    end,
    driver.id, driver.name, dated.stop,
    dated.created_at, least((2 + 24 * dated.pace) * interval '1 hour', $6::timestamptz - dated.created_at)
from (
    select
        drawn.under_way, drawn.basket, drawn.stop, drawn.pace, drawn.luck, drawn.random_hex,
        moment.store, restaurant.zone, drawn.driver % restaurant.drivers as driver,
        least(moment.at + $5::interval + (drawn.shift - 0.5) * interval '1 hour', $6) as created_at
    from (
        select
            ((nth - 1)::bigint * $4::bigint / $3::bigint)::integer as moment, nth > $3 - $7::integer as under_way,
            floor(random() * $8::integer)::integer as basket, floor(random() * 1e9)::integer as driver,
            1 + floor(random() * 12)::integer as stop, random() as luck, random() as pace, random() as shift,
            '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14) as random_hex
        from generate_series($1::integer, $2::integer) as nth
    ) as drawn
    inner join seed_moments as moment on moment.place = drawn.moment
    inner join seed_restaurants as restaurant on restaurant.store = moment.store
) as dated
inner join seed_drivers as driver on driver.zone = dated.zone and driver.place = dated.driver
cross join lateral (
    select
        case
            when dated.luck < 0.965 then 'delivered'
            when dated.luck < 0.975 then 'failed'
            when dated.under_way then 'delivered'
            when dated.luck < 0.983 then 'cancelled'
            when dated.luck < 0.990 then 'cancelled late'
            else 'rejected'
        end as name
) as way
order by dated.created_at;

-- name: insert_orders
-- Their last versions.
insert into orders.orders (
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents, lines,
    items, address, lat, lon, stop, created_at, updated_at, texts
)
select
    chunk.id, nextval('orders.order_number'), restaurant.id, restaurant.name, restaurant.zone,
    case when step.driven then chunk.driver_id end, case when step.driven then chunk.driver_name end,
    step.status, step.reason, chunk.version, basket.total_cents, basket.lines, basket.items, restaurant.address,
    restaurant.lat, restaurant.lon, case when step.driven then chunk.stop end,
    chunk.created_at, chunk.created_at + step.share * chunk.takes,
    orders.texts_of(
        restaurant.name, case when step.driven then chunk.driver_name end, restaurant.address, step.reason, '[]'
    )
from seed_chunk as chunk
inner join seed_restaurants as restaurant on restaurant.store = chunk.store
inner join seed_baskets as basket on basket.place = chunk.basket
inner join seed_steps as step on step.way = chunk.way and step.version = chunk.version
order by chunk.created_at;

-- name: insert_histories
-- All their versions. $1: whose deeds the admin's are. An event's id is the UUIDv7 of its moment, its random part the
-- order's with the version at the end.
insert into orders.order_history (
    order_id, version, event_id, event, status, driver_id, driver_name, reason, stop, actor_id, actor_role, at
)
select
    id, version,
    (
        lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || substr(random_hex, 1, 19) || to_hex(version)
    )::uuid,
    event, status, driver_id, driver_name, reason, stop, actor_id, actor_role, at
from (
    select
        chunk.id, step.version, chunk.random_hex, step.event, step.status, step.reason, step.actor_role,
        case when step.driven then chunk.driver_id end as driver_id,
        case when step.driven then chunk.driver_name end as driver_name,
        case when step.driven then chunk.stop end as stop,
        case step.actor_role
            when 'restaurant' then restaurant.person_id when 'driver' then chunk.driver_id else $1::uuid
        end as actor_id,
        chunk.created_at + step.share * chunk.takes as at
    from seed_chunk as chunk
    inner join seed_restaurants as restaurant on restaurant.store = chunk.store
    inner join seed_steps as step on step.way = chunk.way and step.version <= chunk.version
) as happened;

-- name: list_list_indexes
-- The indexes of orders that no constraint needs, and how to make them again.
select format('%I.%I', index.schemaname, index.indexname) as name, index.indexdef as definition
from pg_indexes as index
where index.schemaname = 'orders' and index.tablename = 'orders'
    and not exists (select from pg_constraint where conindid = format('%I.%I', index.schemaname, index.indexname)::regclass);
