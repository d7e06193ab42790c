-- name: list_reservations_for_change
-- What is known of these orders, locked, in the order of their ids, which every caller keeps.
select order_id, state, held, shortages
from catalog.reservations
where order_id = any($1::uuid [])
order by order_id
for update;

-- name: list_shelf
-- Which of these products there are, whether their pieces are counted, and since when orders take them. Nothing is locked:
-- most catalogues count few, and a lock is a write.
select product.id, product.stock is not null as counted, kept.since
from catalog.stock_kept as kept
left join catalog.products as product on product.id = any($1::uuid []);

-- name: list_pieces_for_change
-- The pieces of these products, locked, in the order of their ids, after the reservations.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from catalog.products
where id = any($1::uuid []) and stock is not null
order by id
for no key update;

-- name: store_stock
-- What came of some orders, all of it or nothing: new reservations ($2 to $5), those that end ($6, $7), the products'
-- pieces ($8, $9), which get a next version ($10) when it makes them available or not, and the events ($11 to $14). The
-- number of reservations made: fewer than asked for when another replica made one meanwhile, and then all of it has to
-- be rolled back.
with made as (
    insert into catalog.reservations (order_id, state, held, shortages, created_at, updated_at)
    select order_id, state, held::json, shortages::json, $1, $1
    from unnest($2::uuid [], $3::text [], $4::text [], $5::text []) as made (order_id, state, held, shortages)
    order by order_id
    on conflict (order_id) do nothing
    returning order_id
),

ended as (
    update catalog.reservations as kept
    set state = change.state, updated_at = $1
    from unnest($6::uuid [], $7::text []) as change (order_id, state)
    where kept.order_id = change.order_id
),

counted as (
    update catalog.products as kept
    set
        stock = change.stock,
        version = change.version,
        updated_at = case when change.version > kept.version then $1 else kept.updated_at end
    from unnest($8::uuid [], $9::bigint [], $10::integer []) as change (id, stock, version)
    where kept.id = change.id
),

announced as (
    insert into catalog.outbox (event_id, key, subject, payload)
    select event_id, key, subject, payload
    from unnest($11::uuid [], $12::uuid [], $13::text [], $14::bytea []) with ordinality
        as event (event_id, key, subject, payload, place)
    order by place
)

select count(*) as made from made;
