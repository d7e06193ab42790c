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
    ('delivered', 2, 'OrderConfirmed', 'confirmed', 'system', null, 0.1),
    ('delivered', 3, 'OrderPreparationStarted', 'preparing', 'admin', null, 0.3),
    ('delivered', 4, 'OrderReady', 'ready', 'admin', null, 0.6),
    ('delivered', 5, 'OrderDispatched', 'out_for_delivery', 'driver', null, 0.8),
    ('delivered', 6, 'OrderDelivered', 'delivered', 'driver', null, 1.0),
    ('failed', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('failed', 2, 'OrderConfirmed', 'confirmed', 'system', null, 0.1),
    ('failed', 3, 'OrderPreparationStarted', 'preparing', 'admin', null, 0.3),
    ('failed', 4, 'OrderReady', 'ready', 'admin', null, 0.6),
    ('failed', 5, 'OrderDispatched', 'out_for_delivery', 'driver', null, 0.8),
    ('failed', 6, 'OrderDeliveryFailed', 'failed', 'driver', 'Nobody was there.', 0.9),
    ('failed', 7, 'OrderCancelled', 'cancelled', 'admin', 'It could not be delivered.', 1.0),
    ('rejected', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('rejected', 2, 'OrderRejected', 'rejected', 'system', 'Out of stock.', 0.1),
    ('cancelled', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('cancelled', 2, 'OrderCancelled', 'cancelled', 'restaurant', 'Ordered twice.', 0.1),
    ('cancelled late', 1, 'OrderPlaced', 'pending', 'restaurant', null, 0.0),
    ('cancelled late', 2, 'OrderConfirmed', 'confirmed', 'system', null, 0.1),
    ('cancelled late', 3, 'OrderCancelled', 'cancelled', 'restaurant', 'No longer needed.', 0.2)
) as step (way, version, event, status, actor_role, reason, share);

-- name: make_postings
-- What a step posts to the restaurant's account, in this order: as services/orders/credit.py says.
create temporary table seed_postings on commit drop as
select * from (
    values
    ('OrderPlaced', 1, 'hold'),
    ('OrderRejected', 2, 'release'),
    ('OrderCancelled', 2, 'release'),
    ('OrderDelivered', 2, 'release'),
    ('OrderDelivered', 3, 'charge')
) as posting (event, place, kind);

-- name: make_entries#
-- The ledger's entries before they are numbered: that is done once, at the end, since orders overlap in time.
create temporary table seed_entries (
    restaurant_id uuid not null, at timestamptz not null, place integer not null, kind text not null,
    amount_cents bigint not null, order_id uuid, order_number bigint, reference text, actor_id uuid,
    actor_role text not null
) on commit drop;

-- name: make_chunk#
-- Some orders, before they are written. `random_hex` is the random part of their UUIDv7.
create temporary table seed_chunk (
    id uuid not null, number bigint not null default nextval('orders.order_number'), random_hex text not null, store integer not null, basket integer not null, way text not null,
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
    chunk.id, chunk.number, restaurant.id, restaurant.name, restaurant.zone,
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
            when 'restaurant' then restaurant.person_id when 'driver' then chunk.driver_id when 'admin' then $1::uuid
        end as actor_id,
        chunk.created_at + step.share * chunk.takes as at
    from seed_chunk as chunk
    inner join seed_restaurants as restaurant on restaurant.store = chunk.store
    inner join seed_steps as step on step.way = chunk.way and step.version <= chunk.version
) as happened;

-- name: draw_entries
-- What they post to their restaurants' accounts. $1: as above.
insert into seed_entries (
    restaurant_id, at, place, kind, amount_cents, order_id, order_number, actor_id, actor_role
)
select
    restaurant.id, chunk.created_at + step.share * chunk.takes, posting.place, posting.kind, basket.total_cents, chunk.id,
    chunk.number,
    case step.actor_role
        when 'restaurant' then restaurant.person_id when 'driver' then chunk.driver_id when 'admin' then $1::uuid
    end,
    step.actor_role
from seed_chunk as chunk
inner join seed_restaurants as restaurant on restaurant.store = chunk.store
inner join seed_baskets as basket on basket.place = chunk.basket
inner join seed_steps as step on step.way = chunk.way and step.version <= chunk.version
inner join seed_postings as posting on posting.event = step.event;

-- name: draw_payments
-- On the tenth of each month a restaurant pays what it was charged in the one before, up to $2. $1: the admin's.
insert into seed_entries (restaurant_id, at, place, kind, amount_cents, reference, actor_id, actor_role)
select
    restaurant_id, month + interval '1 month 9 days 9 hours', 4, 'payment', sum(amount_cents),
    'Orders of ' || to_char(month at time zone 'UTC', 'YYYY-MM'), $1::uuid, 'admin'
from (
    select restaurant_id, amount_cents, date_trunc('month', at, 'UTC') as month
    from seed_entries
    where kind = 'charge'
) as charged
where month + interval '1 month 9 days 9 hours' <= $2::timestamptz
group by restaurant_id, month
having sum(amount_cents) > 0;

-- name: open_accounts
-- An account for each restaurant that orders.
insert into orders.credit_accounts (restaurant_id)
select distinct restaurant_id from seed_entries
on conflict do nothing;

-- name: lock_accounts
-- Who orders meanwhile waits for what is posted here.
select from orders.credit_accounts order by restaurant_id for no key update;

-- name: insert_entries
-- They continue what is on the account, by time among themselves, and lie in the table as they would have come.
insert into orders.ledger_entries (
    restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, reference, actor_id,
    actor_role, at
)
select
    entry.restaurant_id,
    account.entries + row_number() over before,
    entry.kind,
    entry.amount_cents,
    account.held_cents + (
        sum(case entry.kind when 'hold' then entry.amount_cents when 'release' then -entry.amount_cents else 0 end)
            over before
    )::bigint,
    account.owed_cents + (
        sum(case entry.kind when 'charge' then entry.amount_cents when 'payment' then -entry.amount_cents else 0 end)
            over before
    )::bigint,
    entry.order_id, entry.order_number, entry.reference, entry.actor_id, entry.actor_role, entry.at
from seed_entries as entry
inner join orders.credit_accounts as account on account.restaurant_id = entry.restaurant_id
window before as (
    partition by entry.restaurant_id order by entry.at, entry.order_id, entry.place
    rows between unbounded preceding and current row
)
order by entry.at, entry.order_id, entry.place;

-- name: update_accounts
-- What the entries come to.
update orders.credit_accounts as account
set
    held_cents = account.held_cents + posted.held_cents, owed_cents = account.owed_cents + posted.owed_cents,
    entries = account.entries + posted.entries
from (
    select
        restaurant_id,
        count(*) as entries,
        sum(case kind when 'hold' then amount_cents when 'release' then -amount_cents else 0 end)::bigint as held_cents,
        sum(case kind when 'charge' then amount_cents when 'payment' then -amount_cents else 0 end)::bigint as owed_cents
    from seed_entries
    group by restaurant_id
) as posted
where account.restaurant_id = posted.restaurant_id;

-- name: list_list_indexes
-- The indexes of orders that no constraint needs, and how to make them again.
select format('%I.%I', index.schemaname, index.indexname) as name, index.indexdef as definition
from pg_indexes as index
where index.schemaname = 'orders' and index.tablename = 'orders'
    and not exists (select from pg_constraint where conindid = format('%I.%I', index.schemaname, index.indexname)::regclass);
