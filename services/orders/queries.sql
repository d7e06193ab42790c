-- Identity comes with SET LOCAL before each of these; the policies do the rest. A query that still names its owner does
-- so for the index.

-- name: get_customer_and_prices
-- The restaurant that orders, the next number, and the book's entries for the products it wants: one row a product
-- found, one row with nulls when none is. No row when the restaurant is not known yet.
select
    (select nextval('orders.order_number')) as number,
    customer.name as restaurant_name,
    customer.address,
    customer.lat,
    customer.lon,
    customer.zone,
    customer.active as restaurant_active,
    book.product_id,
    book.name,
    book.unit,
    book.price_cents,
    book.active,
    book.version
from orders.restaurants as customer
left join orders.price_book as book on book.product_id = any($2::uuid [])
where customer.id = $1;

-- name: insert_order
-- The key, the order, its first version, its event and its hold on the account, or nothing when the key was there: who
-- comes second with a key waits here for the first to commit. `refused` is null, or [limit, held, owed] when the
-- account's limit would be passed: then all of it has to be rolled back. The account is locked last, after the key.
with claimed as (
    insert into orders.idempotency_keys (scope, key, request_hash, order_id, status, response, created_at)
    values ($1, $2, $3, $4, 201, $5, $6)
    on conflict do nothing
    returning order_id
),

placed as (
    insert into orders.orders (
        id, number, restaurant_id, restaurant_name, zone, status, version, total_cents, lines, items, note, address,
        lat, lon, created_at, updated_at
    )
    select order_id, $7::bigint, $1, $8, $9::integer, 'pending', 1, $10::bigint, $11::integer, $12::json, $13, $14,
        $15::float8, $16::float8, $6, $6
    from claimed
    returning id
),

noted as (
    insert into orders.order_history (
        order_id, version, event_id, event, status, actor_id, actor_role, request_id, traceparent, at
    )
    select order_id, 1, $17, 'OrderPlaced', 'pending', $18::uuid, $19, $20, $21, $6
    from claimed
),

announced as (
    insert into orders.outbox (event_id, key, subject, payload)
    select $17, order_id, $22, $23::bytea
    from claimed
)

select orders.hold_credit(id, $20, $6) as refused from placed;

-- name: get_stored_answer
-- What a key was answered with.
select request_hash, status, response
from orders.idempotency_keys
where scope = $1 and key = $2;

-- name: get_order
-- One order, whole, if the caller may see it.
select
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents,
    items, note, address, lat, lon, stop, shortages, created_at, updated_at
from orders.orders
where id = $1;

-- name: get_order_for_change
-- The same, locked until the end of the transaction.
select
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents,
    items, note, address, lat, lon, stop, shortages, created_at, updated_at
from orders.orders
where id = $1
for update;

-- name: get_order_and_route_for_change
-- The same, and the next place in the route of driver $2, null when they are off duty. The route is locked before the
-- order. A query of its own, since only admins and drivers may call the function.
select
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents,
    items, note, address, lat, lon, stop, shortages, created_at, updated_at,
    orders.next_stop($2) as next_stop
from orders.orders
where id = $1
for update;

-- name: offer_is_taken
-- Whether another driver of the caller's zone has the order.
select orders.offer_is_taken($1) as taken;

-- name: get_driver
-- A driver, as accounts last told.
select id, name, active
from orders.drivers
where id = $1;

-- name: list_drivers
-- The active drivers of a zone, from above id $2, with what they have under way, of which a route's index knows the few.
select
    driver.id,
    driver.name,
    driver.zone,
    coalesce((select duty.on_duty from orders.duties as duty where duty.driver_id = driver.id), true) as on_duty,
    (
        select count(*)
        from orders.entries as entry
        where entry.driver_id = driver.id and entry.status in ('ready', 'out_for_delivery')
    ) as stops
from orders.drivers as driver
where driver.zone = $1 and driver.active and driver.id > $2
order by driver.id
limit $3;

-- name: update_order
-- The next version, its history and its event, in that order: the row was locked before, so the outbox holds an order's
-- events in the order of their versions. The key's answer goes with them where the caller gave a key, and the postings
-- $22 where the step settles the account.
with changed as (
    update orders.orders
    set
        status = $2, driver_id = $3, driver_name = $4, reason = $5, version = $6, stop = $7, updated_at = $8
    where id = $1 and version = $6 - 1
    returning id
),

noted as (
    insert into orders.order_history (
        order_id, version, event_id, event, status, driver_id, driver_name, reason, stop, actor_id, actor_role,
        request_id, traceparent, at
    )
    select id, $6, $9, $10, $2, $3, $4, $11, $7, $12::uuid, $13, $14, $15, $8
    from changed
),

kept as (
    insert into orders.idempotency_keys (scope, key, request_hash, order_id, status, response, created_at)
    select $18::uuid, $19::text, $20::bytea, id, 200, $21::bytea, $8
    from changed
    where $19::text is not null
),

announced as (
    insert into orders.outbox (event_id, key, subject, payload)
    select $9, id, $16, $17::bytea
    from changed
)

select
    id,
    case when cardinality($22::text []) > 0 then orders.settle_credit(id, $22::text [], $14, $8) end as settled
from changed;

-- name: get_credit
-- A restaurant's limit and account; zeros while nothing was ever posted. No row for a restaurant that nobody knows.
select
    customer.credit_limit_cents as limit_cents,
    coalesce(account.held_cents, 0) as held_cents,
    coalesce(account.owed_cents, 0) as owed_cents
from orders.restaurants as customer
left join orders.credit_accounts as account on account.restaurant_id = customer.id
where customer.id = $1;

-- name: open_credit
-- Locks the account until the end of the transaction: [held, owed], or null for a restaurant that nobody knows.
select orders.open_credit($1) as standing;

-- name: record_payment
-- The number of the payment's entry.
select (orders.record_payment($1, $2, $3, $4, $5))[1] as number;

-- name: insert_payment_key
-- The answer that a payment's key gets from now on; no row when the key was used for something else meanwhile.
insert into orders.idempotency_keys (scope, key, request_hash, status, response, created_at)
values ($1, $2, $3, 201, $4, $5)
on conflict do nothing
returning key;

-- name: list_entries
-- A page of a restaurant's statement, newest first, from below number $2.
select
    number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, reference, actor_id, actor_role, at
from orders.ledger_entries
where restaurant_id = $1 and number < $2
order by number desc
limit $3;

-- name: get_charged_order
-- One order, whole, with the moment at which it was charged, if the caller may see both.
select
    charged.id, charged.number, charged.restaurant_id, charged.restaurant_name, charged.zone, charged.driver_id,
    charged.driver_name, charged.status, charged.reason, charged.version, charged.total_cents, charged.items,
    charged.note, charged.address, charged.lat, charged.lon, charged.stop, charged.shortages, charged.created_at,
    charged.updated_at, entry.at as charged_at
from orders.orders as charged
inner join orders.ledger_entries as entry on entry.order_id = charged.id and entry.kind = 'charge'
where charged.id = $1;

-- name: list_orders
-- A page of all that the caller may see, newest first, from below (created_at, id).
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_orders_with_status
-- The same, in one state.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where status = $4 and (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_active_orders
-- The same, of those under way.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where status not in ('delivered', 'cancelled', 'rejected') and (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_orders_of_restaurants
-- The same, of some restaurants (at most 50): an admin looks for a customer by name. A page of each is read, and the newest
-- of them are sorted out.
select
    page.id, page.number, page.restaurant_id, page.zone, page.driver_id, page.status, page.version, page.total_cents,
    page.lines, page.lat, page.lon, page.stop, page.created_at, page.updated_at, page.texts
from unnest($4::uuid []) as wanted (restaurant_id)
cross join lateral (
    select
        id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at,
        updated_at, texts
    from orders.entries
    where restaurant_id = wanted.restaurant_id and (created_at, id) < ($1, $2)
    order by created_at desc, id desc
    limit $3
) as page
order by page.created_at desc, page.id desc
limit $3;

-- name: list_orders_of_restaurants_with_status
-- The same, in one state.
select
    page.id, page.number, page.restaurant_id, page.zone, page.driver_id, page.status, page.version, page.total_cents,
    page.lines, page.lat, page.lon, page.stop, page.created_at, page.updated_at, page.texts
from unnest($4::uuid []) as wanted (restaurant_id)
cross join lateral (
    select
        id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at,
        updated_at, texts
    from orders.entries
    where restaurant_id = wanted.restaurant_id and status = $5 and (created_at, id) < ($1, $2)
    order by created_at desc, id desc
    limit $3
) as page
order by page.created_at desc, page.id desc
limit $3;

-- name: list_active_orders_of_restaurants
-- The same, of those under way.
select
    page.id, page.number, page.restaurant_id, page.zone, page.driver_id, page.status, page.version, page.total_cents,
    page.lines, page.lat, page.lon, page.stop, page.created_at, page.updated_at, page.texts
from unnest($4::uuid []) as wanted (restaurant_id)
cross join lateral (
    select
        id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at,
        updated_at, texts
    from orders.entries
    where restaurant_id = wanted.restaurant_id and status not in ('delivered', 'cancelled', 'rejected') and (created_at, id) < ($1, $2)
    order by created_at desc, id desc
    limit $3
) as page
order by page.created_at desc, page.id desc
limit $3;

-- name: find_order_by_number
-- The order with this number, if the caller may see it.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where number = $1;

-- name: list_restaurants_named
-- The restaurants whose name has this in it. There are hundreds, not millions.
select id
from orders.restaurants
where name ilike '%' || $1 || '%'
order by name
limit 50;

-- name: list_deliveries
-- A driver's orders, newest first. The policy would let open offers through as well.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where driver_id = $4 and (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_deliveries_with_status
-- The same, in one state.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where driver_id = $4 and status = $5 and (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_active_deliveries
-- The same, of those under way.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where driver_id = $4 and status not in ('delivered', 'cancelled', 'rejected') and (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_offers
-- The open offers of a driver's zone.
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where status = 'ready' and driver_id is null and zone = $4 and (created_at, id) < ($1, $2)
order by created_at desc, id desc
limit $3;

-- name: list_route
-- A driver's orders under way in the order of their stops, from above (stop, id).
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    texts
from orders.entries
where driver_id = $1 and status in ('ready', 'out_for_delivery') and (stop, id) > ($2, $3)
order by stop, id
limit $4;

-- name: lock_route
-- Holds a driver's route until the end of the transaction.
select orders.next_stop($1) as next_stop;

-- name: get_route_for_change
-- The same orders whole, locked until the end of the transaction, in the order of their ids, which every caller keeps.
select
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents,
    items, note, address, lat, lon, stop, shortages, created_at, updated_at
from orders.orders
where driver_id = $1 and status in ('ready', 'out_for_delivery')
order by id
for update;

-- name: get_duty
-- Whether a driver is on duty; who never said so is.
select coalesce((select duty.on_duty from orders.duties as duty where duty.driver_id = $1), true) as on_duty;

-- name: upsert_duty
-- What a driver says last.
insert into orders.duties (driver_id, on_duty, changed_at)
values ($1, $2, $3)
on conflict (driver_id) do update set on_duty = excluded.on_duty, changed_at = excluded.changed_at
returning on_duty;

-- name: insert_proof
-- What a driver brings back from a delivery; no row when the order has a proof already.
insert into orders.proofs (order_id, kind, name, media_type, image, driver_id, driver_name, at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing
returning order_id;

-- name: get_proof
-- An order's proof without its image, if the caller may see the order.
select order_id, kind, name, media_type, octet_length(image) as size, driver_id, driver_name, at
from orders.proofs
where order_id = $1;

-- name: get_image
-- The image of an order's proof, if the caller may see the order.
select media_type, image
from orders.proofs
where order_id = $1;

-- name: list_history
-- What happened to an order, oldest first, from above version $2.
select version, event, status, driver_id, driver_name, reason, stop, actor_id, actor_role, at
from orders.order_history
where order_id = $1 and version > $2
order by version
limit $3;

-- name: upsert_restaurants
-- The restaurants as accounts last told; an older version changes nothing.
insert into orders.restaurants (id, name, address, lat, lon, zone, credit_limit_cents, active, version)
select * from unnest(
    $1::uuid [], $2::text [], $3::text [], $4::float8 [], $5::float8 [], $6::integer [], $7::bigint [], $8::boolean [],
    $9::integer []
)
on conflict (id) do update
set
    name = excluded.name, address = excluded.address, lat = excluded.lat, lon = excluded.lon, zone = excluded.zone,
    credit_limit_cents = excluded.credit_limit_cents, active = excluded.active, version = excluded.version
where restaurants.version < excluded.version;

-- name: upsert_drivers
-- The drivers as accounts last told.
insert into orders.drivers (id, name, zone, active, version)
select * from unnest($1::uuid [], $2::text [], $3::integer [], $4::boolean [], $5::integer [])
on conflict (id) do update
set name = excluded.name, zone = excluded.zone, active = excluded.active, version = excluded.version
where drivers.version < excluded.version;

-- name: upsert_prices
-- The price book as catalog last told.
insert into orders.price_book (product_id, name, unit, price_cents, active, version)
select * from unnest($1::uuid [], $2::text [], $3::text [], $4::bigint [], $5::boolean [], $6::integer [])
on conflict (product_id) do update
set
    name = excluded.name, unit = excluded.unit, price_cents = excluded.price_cents, active = excluded.active,
    version = excluded.version
where price_book.version < excluded.version;

-- name: list_all_history
-- Every version of every order, in the order in which they happened, with what the one before it looked like: all that
-- is needed to tell of it again.
select
    history.order_id as id,
    history.version,
    history.event_id,
    history.event,
    history.status,
    history.driver_id,
    history.driver_name,
    history.reason,
    history.stop,
    history.actor_id,
    history.actor_role,
    history.request_id,
    history.traceparent,
    history.at as updated_at,
    lag(history.status) over versions as before_status,
    lag(history.driver_id) over versions as before_driver_id,
    placed.number,
    placed.restaurant_id,
    placed.restaurant_name,
    placed.zone,
    placed.total_cents,
    placed.items,
    placed.note,
    placed.address,
    placed.lat,
    placed.lon,
    placed.shortages,
    placed.created_at
from orders.order_history as history
inner join orders.orders as placed on placed.id = history.order_id
window versions as (partition by history.order_id order by history.version)
order by history.at, history.order_id, history.version;

-- name: hold_relay
-- Waits for the relay's batch to end, and keeps it from the next one until this transaction does.
select pg_advisory_xact_lock($1, hashtext('orders'));

-- name: list_pending_for_change
-- Those of these orders that wait for the stock's answer, whole, locked, in the order of their ids. Which those are is the
-- system's policy: it lets nothing be locked that is not pending.
select
    id, number, restaurant_id, restaurant_name, zone, driver_id, driver_name, status, reason, version, total_cents,
    items, note, address, lat, lon, stop, shortages, created_at, updated_at
from orders.orders
where id = any($1::uuid [])
order by id
for update;

-- name: update_answered_orders
-- The next version of each, its history and its event. The rows are locked: there is one of each.
with answered as (
    select id, status, reason, version, shortages, at, event_id, event, request_id, traceparent, subject, payload
    from unnest(
        $1::uuid [], $2::text [], $3::text [], $4::integer [], $5::text [], $6::timestamptz [], $7::uuid [],
        $8::text [], $9::text [], $10::text [], $11::text [], $12::bytea []
    ) as answered (
        id, status, reason, version, shortages, at, event_id, event, request_id, traceparent, subject, payload
    )
),

changed as (
    update orders.orders as kept
    set
        status = answered.status, reason = answered.reason, version = answered.version,
        shortages = answered.shortages::json, updated_at = answered.at
    from answered
    where kept.id = answered.id and kept.version = answered.version - 1
    returning kept.id
),

noted as (
    insert into orders.order_history (
        order_id, version, event_id, event, status, reason, actor_role, request_id, traceparent, at
    )
    select id, version, event_id, event, status, reason, 'system', request_id, traceparent, at
    from answered
),

announced as (
    insert into orders.outbox (event_id, key, subject, payload)
    select event_id, id, subject, payload
    from answered
)

select count(*) as changed from changed;

-- name: release_credit
-- What rejected orders held, given back in the order in which they come: by account, so that two never wait for each
-- other's crosswise.
select orders.settle_credit(ended.id, array['release'], ended.request_id, ended.at) as settled
from unnest($1::uuid [], $2::text [], $3::timestamptz []) as ended (id, request_id, at);

-- name: insert_late_answers
-- Answers that moved nothing; one that comes again changes nothing.
insert into orders.late_answers (event_id, order_id, answer, answered_at, at)
select event_id, order_id, answer, answered_at, $5
from unnest($1::uuid [], $2::uuid [], $3::text [], $4::timestamptz []) as late (event_id, order_id, answer, answered_at)
on conflict do nothing;

-- name: get_pending
-- How long the oldest order has been waiting for the stock's answer, in seconds; 0 when none does.
select coalesce(
    (
        select extract(epoch from $1::timestamptz - created_at)
        from orders.orders
        where status = 'pending'
        order by created_at, id
        limit 1
    ), 0
)::float8 as oldest;
