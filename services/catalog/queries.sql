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
-- A page of the active products, newest first, below the moment $1 and the id $2. $4: null, or whether they must be
-- available.
select id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available, created_at
from catalog.products
where active and (created_at, id) < ($1, $2)
  and ($4::boolean is null or coalesce(stock > 0, true) = $4)
order by created_at desc, id desc
limit $3;

-- name: list_products_of_category
-- The same of the category $5.
select id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available, created_at
from catalog.products
where active and category = $5 and (created_at, id) < ($1, $2)
  and ($4::boolean is null or coalesce(stock > 0, true) = $4)
order by created_at desc, id desc
limit $3;

-- name: search_kinds
-- A page of products of the kinds that match the first of $1 that any matches, best first, below the rank $2 and the id
-- $3. $4 are the words that make a match evident, $5 null or what the product itself must match, $6 null or the category, $7 null
-- or whether it must be available. The kinds are ranked and their shelves merged; products are read until the page is
-- full. Ranks are whole numbers, so that a cursor can name one exactly.
with reading as materialized (
    select query::tsquery as matching
    from unnest($1::text[]) with ordinality as each (query, place)
    where exists (
        select from catalog.kinds where search @@ query::tsquery and ($6::text is null or category = $6)
    )
    order by place
    limit 1
),
found as materialized (
    select kind.id, catalog.nearness(kind.named, kind.filed, $4::text[], kind.places) as nearness
    from reading
    inner join catalog.kinds as kind on kind.search @@ reading.matching
    where $6::text is null or kind.category = $6
)
select
    product.id, product.sku, product.name, product.category, product.unit, product.price_cents, product.version,
    product.available, candidate.rank
from (
    select shelf.product_id, found.nearness - catalog.distance(shelf.place) as rank
    from found
    inner join catalog.shelf on shelf.kind_id = found.id
    where (found.nearness - catalog.distance(shelf.place), shelf.product_id) < ($2::integer, $3::uuid)
    order by rank desc, product_id desc
) as candidate
cross join lateral (
    select id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available
    from catalog.products
    where id = candidate.product_id and active
      and ($5::text is null or search @@ $5::tsquery)
      and ($7::boolean is null or coalesce(stock > 0, true) = $7)
) as product
order by candidate.rank desc, candidate.product_id desc
limit $8;

-- name: search_products
-- The same where no word is one of a kind: a sku, a maker, a size. $1 is what the product must match; the rest as above.
select id, sku, name, category, unit, price_cents, version, available, rank
from (
    select
        product.id, sku, name, category, unit, price_cents, version, coalesce(stock > 0, true) as available,
        (ts_delete(search, $4::text[]) <> search)::integer * 100000000 - catalog.distance(shelf.place) as rank
    from catalog.products as product
    inner join catalog.shelf on shelf.product_id = product.id
    where active and search @@ $1::tsquery
      and ($5::text is null or category = $5)
      and ($6::boolean is null or coalesce(stock > 0, true) = $6)
) as found
where (rank, id) < ($2::integer, $3::uuid)
order by rank desc, id desc
limit $7;

-- name: suggest
-- The names of kinds that match the first of $1 that any matches, best first, each with its largest category. $2 are
-- the words that make a match evident. Only what has an active product.
with reading as materialized (
    select query::tsquery as matching
    from unnest($1::text[]) with ordinality as each (query, place)
    where exists (select from catalog.kinds where search @@ query::tsquery)
    order by place
    limit 1
),
named as materialized (
    select distinct on (kind.name)
        kind.id, kind.name, kind.category,
        catalog.nearness(kind.named, kind.filed, $2::text[], kind.places) as nearness
    from reading
    inner join catalog.kinds as kind on kind.search @@ reading.matching
    order by kind.name, nearness desc, kind.category
)
select name, category
from named
where exists (
    select from catalog.shelf
    inner join catalog.products as product on product.id = shelf.product_id
    where shelf.kind_id = named.id and product.active
)
order by nearness desc, name
limit $3;

-- name: get_words
-- The words of a query in their order. `known` when it is a product's word, `of_kind` when a kind has a word that starts
-- with it. Of one that is not known: `begun`, the words that start with it, or else `similar`, those of about its length
-- that are at most two letters away, as far as its first letter or its trigrams tell.
select
    asked.word, asked.known,
    asked.word !~ '^[0-9]'
    and exists (select from catalog.kinds where search @@ (quote_literal(asked.word) || ':*')::tsquery) as of_kind,
    coalesce(begun.words, '{}') as begun, coalesce(similar_words.words, '{}') as similar
from (
    select
        word, place,
        word ~ '^[0-9]' or exists (select from catalog.words as kept where kept.word = each.word collate "C") as known
    from unnest(string_to_array(catalog.words_of($1), ' ')) with ordinality as each (word, place)
) as asked
left join lateral (
    select array_agg(kept.word) as words
    from catalog.words as kept
    where not asked.known
      and kept.word >= asked.word collate "C" and kept.word < asked.word || U&'\+10FFFF' collate "C"
) as begun on true
left join lateral (
    select array_agg(kept.word) as words
    from catalog.words as kept
    where not asked.known and begun.words is null
      and length(asked.word) between 4 and 40
      -- The cheap questions first.
      and case
          when abs(length(kept.word) - length(asked.word)) > 2 then false
          when left(kept.word, 1) = left(asked.word, 1) or kept.word operator(catalog.%) asked.word
              then catalog.levenshtein_less_equal(kept.word, asked.word, 2) <= 2
          else false
      end
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

-- name: insert_cache_audit!
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
