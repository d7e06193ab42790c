-- name: list_all_products
-- A page of the products, newest first, below $1; $3 is null for all, or whether they are active. Each half stops after a
-- page of its own index, and is not begun when it is not wanted.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from (
    (
        select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
        from catalog.products
        where active and id < $1 and coalesce($3::boolean, true)
        order by id desc
        limit $2
    )
    union all
    (
        select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
        from catalog.products
        where not active and id < $1 and not coalesce($3::boolean, false)
        order by id desc
        limit $2
    )
) as found
order by id desc
limit $2;

-- name: list_all_products_of_category
-- The same of one category.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from (
    (
        select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
        from catalog.products
        where active and category = $4 and id < $1 and coalesce($3::boolean, true)
        order by id desc
        limit $2
    )
    union all
    (
        select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
        from catalog.products
        where not active and category = $4 and id < $1 and not coalesce($3::boolean, false)
        order by id desc
        limit $2
    )
) as found
order by id desc
limit $2;

-- name: find_all_products
-- The same of those whose sku or name begins with $5, in any case, of any category when $4 is null. The beginning is a
-- range of bytes, which the index knows whatever is asked; what it finds is sorted.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from catalog.products
where (
    (lower(sku) ~>=~ lower($5) and lower(sku) ~<~ (lower($5) || U&'\+10FFFF'))
    or (lower(name) ~>=~ lower($5) and lower(name) ~<~ (lower($5) || U&'\+10FFFF'))
)
and id < $1
and active = coalesce($3::boolean, active)
and category = coalesce($4::text, category)
order by id desc
limit $2;

-- name: get_whole_product
-- One product as admins see it.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from catalog.products
where id = $1;

-- name: get_whole_product_by_sku
-- The same by its sku.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from catalog.products
where sku = $1;

-- name: list_product_history
-- A page of a product's versions, newest first, below $2.
select version, at, actor_id, actor_role, request_id, changes::text as changes
from catalog.product_history
where product_id = $1 and version < $2
order by version desc
limit $3;

-- name: list_every_product
-- All of them, in the order they were made: read with a cursor, which keeps what was there when it was opened.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from catalog.products
order by id;
