-- name: hold_imports
-- False while another import runs.
select pg_try_advisory_xact_lock(hashtextextended('catalog.import', 0)) as held;

-- name: create_staging#
-- What came, until the end of the transaction. `place` is its place in the import.
create temporary table staged_products (
    place integer not null,
    id uuid not null,
    event_id uuid not null,
    sku text primary key,
    name text not null,
    category text not null,
    unit text not null,
    price_cents bigint not null,
    stock bigint,
    active boolean not null
) on commit drop;

-- name: compare_staging
-- What would be made and changed.
select staged.place, present.id is null as created
from staged_products as staged
left join catalog.products as present on present.sku = staged.sku
where (present.name, present.category, present.unit, present.price_cents, present.active)
    is distinct from (staged.name, staged.category, staged.unit, staged.price_cents, staged.active);

-- name: lock_changing
-- What is there and will be changed, in the order of the ids.
select
from catalog.products as present
inner join staged_products as staged on staged.sku = present.sku
where (present.name, present.category, present.unit, present.price_cents, present.active)
    <> (staged.name, staged.category, staged.unit, staged.price_cents, staged.active)
order by present.id
for no key update of present;

-- name: apply_staging
-- Makes what is new, gives what differs its next version, leaves the rest alone (unlocked, even), and puts an event into
-- the outbox for each change. $1 is the moment, $2 the same as JSON text, $3 the actor as JSON, $4 the request's id and
-- $5 its traceparent. A row each for what was made or changed.
with changed as (
    insert into catalog.products as kept (
        id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
    )
    select id, sku, name, category, unit, price_cents, stock, active, 1, $1, $1
    from staged_products as staged
    where not exists (
        select from catalog.products as present
        where present.sku = staged.sku
          and (present.name, present.category, present.unit, present.price_cents, present.active)
            = (staged.name, staged.category, staged.unit, staged.price_cents, staged.active)
    )
    order by place
    on conflict (sku) do update
    set name = excluded.name, category = excluded.category, unit = excluded.unit,
        price_cents = excluded.price_cents, active = excluded.active,
        version = kept.version + 1, updated_at = excluded.updated_at
    where (kept.name, kept.category, kept.unit, kept.price_cents, kept.active)
       <> (excluded.name, excluded.category, excluded.unit, excluded.price_cents, excluded.active)
    returning id, sku, name, category, unit, price_cents, stock, active, version
),
published as (
    insert into catalog.outbox (event_id, key, subject, payload)
    select staged.event_id, changed.id, 'catalog.v1.' || changed.id, convert_to(row_to_json(envelope)::text, 'UTF8')
    from changed
    inner join staged_products as staged on staged.sku = changed.sku
    cross join lateral (
        select
            staged.event_id as id, 'ProductChanged' as type, 1 as version, $2::json as occurred_at,
            $4::text as request_id, $5::text as traceparent, $3::json as actor, row_to_json(product) as product
        from (
            select
                changed.id, changed.sku, changed.name, changed.category, changed.unit, changed.price_cents,
                changed.active, changed.version, changed.active and coalesce(changed.stock > 0, true) as available
        ) as product
    ) as envelope
    order by staged.place
)
select staged.place, changed.version = 1 as created
from changed
inner join staged_products as staged on staged.sku = changed.sku;

-- name: list_stock_differing
-- Of what was there before: where the import says another stock than is on hand.
select staged.place
from staged_products as staged
inner join catalog.products as present on present.sku = staged.sku
where staged.stock is distinct from present.stock;
