-- migrate:up

create schema if not exists catalog;

-- Similarity of words, for what people mistype. Both are trusted: the database's owner may create them.
create extension if not exists pg_trgm with schema catalog;
create extension if not exists fuzzystrmatch with schema catalog;

-- The words of a text, lower-case and separated by one space: the one rule by which names are indexed and queries are
-- read. Accents go; digits part from letters, so that "750ML" and "750 ml" are the same; a point stays in a number.
create function catalog.words_of(given text) returns text
language sql immutable strict parallel safe
return btrim(
    regexp_replace(
        regexp_replace(
            regexp_replace(lower(normalize(given, nfkd)), U&'[\0300-\036F]', '', 'g'),
            '(?<=[0-9])(?=[[:alpha:]])|(?<=[[:alpha:]])(?=[0-9])', ' ', 'g'
        ),
        '(?!(?<=[0-9])\.(?=[0-9]))[^[:alnum:]]+', ' ', 'g'
    )
);

-- A word of the name (and the sku, which people read from a label) weighs more than one of the category.
create function catalog.search_of(name text, category text, sku text) returns tsvector
language sql immutable strict parallel safe
return setweight(to_tsvector('pg_catalog.simple', catalog.words_of(name)), 'A')
    || setweight(to_tsvector('pg_catalog.simple', catalog.words_of(sku)), 'B')
    || setweight(to_tsvector('pg_catalog.simple', catalog.words_of(category)), 'C');

-- How well a product answers, in whole numbers. What holds the words themselves comes before what only begins with them,
-- is spelled like them or is an abbreviation of them; shorter texts before longer ones.
create function catalog.rank_of(search tsvector, matching tsquery, evident tsquery) returns integer
language sql immutable strict parallel safe
return (10000 * ts_rank('{0.05, 0.2, 0.6, 1.0}', search, evident, 1)
    + 1000 * ts_rank('{0.05, 0.2, 0.6, 1.0}', search, matching, 1))::integer;

create table catalog.products (
    id uuid primary key,
    sku text not null unique check (length(sku) between 1 and 64),
    name text not null check (length(name) between 1 and 200),
    category text not null check (length(category) between 1 and 100),
    unit text not null check (length(unit) between 1 and 40),
    price_cents bigint not null check (price_cents >= 0),
    -- Pieces on hand; null: not kept, and never short.
    stock bigint check (stock >= 0),
    active boolean not null,
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- Made by the database, so that no writer can forget it.
    search tsvector not null generated always as (catalog.search_of(name, category, sku)) stored,
    constraint sold_at_a_price check (price_cents > 0 or not active)
);

-- The list, and the list of a category, newest first: ids carry the order of creation.
create index products_listed on catalog.products (id desc) where active;
create index products_of_category on catalog.products (category, id desc) where active;
-- Search. The pending list makes an import twice as fast; kept short, it costs a search next to nothing.
create index products_search on catalog.products using gin (search) with (gin_pending_list_limit = 1024);

-- How many active products each category has: the list of categories reads this and counts nothing.
create table catalog.categories (
    name text primary key,
    products integer not null check (products >= 0)
);

-- Every word that was ever in a name or a category, numbers apart: what a mistyped word is compared with. Words are
-- never taken back; one that no product has any more finds nothing.
create table catalog.words (
    word text collate "C" primary key
);
create index words_similar on catalog.words using gin (word catalog.gin_trgm_ops);

-- Both are kept by triggers, once a statement, in the order of their keys: two writers wait and never deadlock.
create function catalog.count_categories() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into catalog.categories as kept (name, products)
        select category, count(*) filter (where active) from after group by category order by category
        on conflict (name) do update set products = kept.products + excluded.products;
    else
        -- A category's first product may come by an update. Sums of changes can be negative, which the CHECK would
        -- refuse in a new row: so the rows are made first.
        insert into catalog.categories (name, products)
        select distinct category, 0 from after order by category
        on conflict (name) do nothing;
        update catalog.categories as kept set products = kept.products + change.products
        from (
            select category, sum(products) as products
            from (
                select category, 1 as products from after where active
                union all
                select category, -1 from before where active
            ) as each
            group by category having sum(products) <> 0
        ) as change
        where kept.name = change.category;
    end if;
    return null;
end
$$;

create function catalog.learn_words() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into catalog.words (word)
    select distinct lexeme collate "C" as word
    from after cross join lateral unnest(search)
    where lexeme !~ '^[0-9]' and length(lexeme) <= 40
    order by word
    on conflict (word) do nothing;
    return null;
end
$$;

create trigger count_inserted after insert on catalog.products
referencing new table as after for each statement execute function catalog.count_categories();
create trigger count_updated after update on catalog.products
referencing old table as before new table as after for each statement execute function catalog.count_categories();
create trigger learn_inserted after insert on catalog.products
referencing new table as after for each statement execute function catalog.learn_words();
create trigger learn_updated after update on catalog.products
referencing new table as after for each statement execute function catalog.learn_words();

create table catalog.outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null,
    key uuid not null,
    subject text not null,
    payload bytea not null,
    ttl_seconds integer,
    created_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    parked_at timestamptz,
    error text
);
-- The relay's look: only what waits is in it.
create index outbox_waiting on catalog.outbox (id) where published_at is null and parked_at is null;
create index outbox_parked on catalog.outbox (key) where parked_at is not null;

grant usage on schema catalog to catalog_service, relay_service;
-- Products are never deleted: orders name them. What identifies one is never changed.
grant select, insert on catalog.products to catalog_service;
grant update (name, category, unit, price_cents, stock, active, version, updated_at)
on catalog.products to catalog_service;
grant select on catalog.categories, catalog.words to catalog_service;
grant insert (event_id, key, subject, payload) on catalog.outbox to catalog_service;
grant select, update, delete on catalog.outbox to relay_service;

-- An import copies into a table of its own first. The database has another name where the schema is dumped.
do $$
begin
    execute format('grant temporary on database %I to catalog_service', current_database());
end
$$;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
