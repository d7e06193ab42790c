-- name: get_product
-- One product as people see it, inactive or not.
select id, sku, name, category, unit, price_cents, version, active and coalesce(stock > 0, true) as available
from catalog.products
where id = $1;

-- name: get_products
-- The same of many, for the cache.
select id, sku, name, category, unit, price_cents, version, active and coalesce(stock > 0, true) as available
from catalog.products
where id = any($1::uuid []);

-- name: list_products
-- A page of the active products, newest first, below $1.
select id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available
from catalog.products
where active and id < $1
order by id desc
limit $2;

-- name: list_products_of_category
-- The same of one category.
select id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available
from catalog.products
where active and id < $1 and category = $3
order by id desc
limit $2;

-- name: search_products
-- A page of what matches $1, best first, below the rank $2 and the id $3. $4 is what an evident match holds. Ranks are
-- whole numbers, so that a cursor can name one exactly.
select id, sku, name, category, unit, price_cents, version, available, rank
from (
    select
        id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available,
        catalog.rank_of(search, $1::tsquery, $4::tsquery) as rank
    from catalog.products
    where active and search @@ $1::tsquery
) as found
where (rank, id) < ($2::integer, $3::uuid)
order by rank desc, id desc
limit $5;

-- name: search_products_of_category
-- The same of one category.
select id, sku, name, category, unit, price_cents, version, available, rank
from (
    select
        id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available,
        catalog.rank_of(search, $1::tsquery, $4::tsquery) as rank
    from catalog.products
    where active and search @@ $1::tsquery and category = $6
) as found
where (rank, id) < ($2::integer, $3::uuid)
order by rank desc, id desc
limit $5;

-- name: get_words
-- The words of a query in their order. `known` when it is a product's word; the last one, which may still be typed, when
-- a product's word starts with it. Of one that is not known the words of about its length that are at most two letters
-- away, as far as its first letter or its trigrams tell.
select asked.word, vocabulary.known, coalesce(similar_words.words, '{}') as similar
from (
    select word, place, place = max(place) over () as last
    from unnest(string_to_array(catalog.words_of($1), ' ')) with ordinality as each (word, place)
) as asked
cross join lateral (
    select asked.word ~ '^[0-9]' or exists (
        select from catalog.words as kept
        where kept.word >= asked.word and kept.word < asked.word || U&'\+10FFFF'
          and (asked.last or kept.word = asked.word)
    ) as known
) as vocabulary
left join lateral (
    select array_agg(kept.word) as words
    from catalog.words as kept
    where not vocabulary.known
      and length(asked.word) between 4 and 40
      and (kept.word operator(catalog.%) asked.word or left(kept.word, 1) = left(asked.word, 1))
      and length(kept.word) between length(asked.word) - 2 and length(asked.word) + 2
      and catalog.levenshtein_less_equal(kept.word, asked.word, 2) <= 2
) as similar_words on true
order by asked.place;

-- name: list_categories
-- A page of the categories that have active products, in the order of their names, after $1.
select name, products
from catalog.categories
where name > $1 and products > 0
order by name
limit $2;

-- name: insert_product
-- A first version and its event; nothing when the sku is taken.
with made as (
    insert into catalog.products (
        id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (sku) do nothing
    returning id
),
published as (
    insert into catalog.outbox (event_id, key, subject, payload)
    select $12, made.id, $13, $14 from made
)
select id from made;

-- name: get_product_for_change
-- One product whole, locked: its next version and its event follow in this transaction.
select id, sku, name, category, unit, price_cents, stock, active, version, created_at, updated_at
from catalog.products
where id = $1
for no key update;

-- name: update_product
-- The next version and its event.
with changed as (
    update catalog.products
    set name = $2, category = $3, unit = $4, price_cents = $5, stock = $6, active = $7, version = $8, updated_at = $9
    where id = $1
    returning id
)
insert into catalog.outbox (event_id, key, subject, payload)
select $10, changed.id, $11, $12 from changed;

-- name: insert_cache_audit
-- What an admin is about to do with a key of the cache.
insert into catalog.cache_audit (id, at, actor_id, deed, key, request_id)
values ($1, $2, $3, $4, $5, $6);

-- name: list_cache_audit
-- A page of what admins did, newest first, below $1.
select id, at, actor_id, deed, key, request_id
from catalog.cache_audit
where id < $1
order by id desc
limit $2;
