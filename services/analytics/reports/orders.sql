-- The orders behind a number: analytics' own last row of each. Pages are newest first, from below (created_at, id).

-- name: list_orders
-- All of a span of time, which begins at $1.
select id, number, restaurant_id, driver_id, status, reason, version, lines, total_cents, created_at, entered_at
from analytics.orders
where created_at >= $1 and (created_at, id) < ($2, $3)
order by created_at desc, id desc
limit $4;

-- name: list_orders_of_restaurant
-- The same, of one restaurant.
select id, number, restaurant_id, driver_id, status, reason, version, lines, total_cents, created_at, entered_at
from analytics.orders
where restaurant_id = $5 and created_at >= $1 and (created_at, id) < ($2, $3)
order by created_at desc, id desc
limit $4;

-- name: list_orders_in
-- The same of all, in one state ($5), or `late`: delivered after longer than $6. No index has the state, which every event
-- changes: the roll-ups say in which hours there are any, and only those are read.
select
    listed.id, listed.number, listed.restaurant_id, listed.driver_id, listed.status, listed.reason, listed.version,
    listed.lines, listed.total_cents, listed.created_at, listed.entered_at
from (
    select total.at
    from analytics.totals as total
    where
        total.subject = '00000000-0000-0000-0000-000000000000' and total.grain = 'hour'
        and total.at > $1::timestamptz - interval '1 hour' and total.at <= $2
        and case $5::text
            when 'pending' then total.pending
            when 'confirmed' then total.confirmed
            when 'rejected' then total.rejected
            when 'preparing' then total.preparing
            when 'ready' then total.ready
            when 'out_for_delivery' then total.out_for_delivery
            when 'delivered' then total.delivered
            when 'failed' then total.failed
            when 'cancelled' then total.cancelled
            when 'late' then total.delivered - total.on_time
        end > 0
) as busy
cross join lateral (
    select
        placed.id, placed.number, placed.restaurant_id, placed.driver_id, placed.status, placed.reason, placed.version,
        placed.lines, placed.total_cents, placed.created_at, placed.entered_at
    from analytics.orders as placed
    where
        placed.created_at >= greatest(busy.at, $1) and placed.created_at < busy.at + interval '1 hour'
        and (placed.created_at, placed.id) < ($2, $3)
        and case
            when $5 = 'late'
                then placed.status = 'delivered' and placed.entered_at > placed.created_at + $6::interval
            else placed.status = $5
        end
    order by placed.created_at desc, placed.id desc
    limit $4
) as listed
order by busy.at desc, listed.created_at desc, listed.id desc
limit $4;

-- name: list_orders_of_restaurant_in
-- The same, of one restaurant ($7).
select
    listed.id, listed.number, listed.restaurant_id, listed.driver_id, listed.status, listed.reason, listed.version,
    listed.lines, listed.total_cents, listed.created_at, listed.entered_at
from (
    select total.at
    from analytics.totals as total
    where
        total.subject = $7 and total.grain = 'hour'
        and total.at > $1::timestamptz - interval '1 hour' and total.at <= $2
        and case $5::text
            when 'pending' then total.pending
            when 'confirmed' then total.confirmed
            when 'rejected' then total.rejected
            when 'preparing' then total.preparing
            when 'ready' then total.ready
            when 'out_for_delivery' then total.out_for_delivery
            when 'delivered' then total.delivered
            when 'failed' then total.failed
            when 'cancelled' then total.cancelled
            when 'late' then total.delivered - total.on_time
        end > 0
) as busy
cross join lateral (
    select
        placed.id, placed.number, placed.restaurant_id, placed.driver_id, placed.status, placed.reason, placed.version,
        placed.lines, placed.total_cents, placed.created_at, placed.entered_at
    from analytics.orders as placed
    where
        placed.restaurant_id = $7 and placed.created_at >= greatest(busy.at, $1) and placed.created_at < busy.at + interval '1 hour'
        and (placed.created_at, placed.id) < ($2, $3)
        and case
            when $5 = 'late'
                then placed.status = 'delivered' and placed.entered_at > placed.created_at + $6::interval
            else placed.status = $5
        end
    order by placed.created_at desc, placed.id desc
    limit $4
) as listed
order by busy.at desc, listed.created_at desc, listed.id desc
limit $4;

-- name: list_orders_of_driver
-- What a driver ($5) has or had last.
select id, number, restaurant_id, driver_id, status, reason, version, lines, total_cents, created_at, entered_at
from analytics.orders
where driver_id = $5 and created_at >= $1 and (created_at, id) < ($2, $3)
order by created_at desc, id desc
limit $4;

-- name: list_orders_of_driver_in
-- The same, in one state ($5), or `late`, and of one restaurant ($8), where those are not null. What one driver ($7) had in
-- the range is read and sifted.
select id, number, restaurant_id, driver_id, status, reason, version, lines, total_cents, created_at, entered_at
from analytics.orders
where
    driver_id = $7 and created_at >= $1 and (created_at, id) < ($2, $3)
    and ($8::uuid is null or restaurant_id = $8)
    and case
        when $5::text is null then true
        when $5 = 'late' then status = 'delivered' and entered_at > created_at + $6::interval
        else status = $5
    end
order by created_at desc, id desc
limit $4;

-- name: list_names
-- Of restaurants ($1) and drivers ($2), those that are known.
select id, name from analytics.restaurants where id = any($1::uuid [])
union all
select id, name from analytics.drivers where id = any($2::uuid []);
