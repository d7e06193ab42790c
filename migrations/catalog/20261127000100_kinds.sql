-- migrate:up

set lock_timeout = '2s';

-- A name says what a product is, whose and how much: "FROZEN BREAD, National 1889, 24 OZ". Products that are the same
-- thing, by whatever maker and in whatever size, are of one kind: a category, and a name as far as its first comma.
create function catalog.kind_of(name text) returns text
language sql immutable strict parallel safe
return coalesce(nullif(btrim(split_part(name, ',', 1)), ''), name);

-- What is searched first: thousands where products are a hundred thousand. Kinds are never taken back.
create table catalog.kinds (
    id integer generated always as identity primary key,
    category text not null,
    name text not null,
    -- The words of both, and of each.
    search tsvector not null generated always as (
        to_tsvector('pg_catalog.simple', catalog.words_of(name || ' ' || category))
    ) stored,
    named tsvector not null generated always as (to_tsvector('pg_catalog.simple', catalog.words_of(name))) stored,
    filed tsvector not null generated always as (to_tsvector('pg_catalog.simple', catalog.words_of(category))) stored,
    -- How many products ever came to it. Never less: a product's place is given once.
    places integer not null check (places > 0),
    unique (name, category)
);
-- Thousands of rows: a pending list would be read whole by each search, and hold nothing of worth.
create index kinds_search on catalog.kinds using gin (search) with (fastupdate = off);
-- A name by a part of it, or mistyped.
create index kinds_similar on catalog.kinds using gin (name catalog.gin_trgm_ops) with (fastupdate = off);

-- Each product's place among those of its kind, from 1: one of each maker first, then their seconds, then in the order of
-- their coming. It stays the same while the product's kind does, so a search has the same order on every page. Only `shelve`
-- writes here, and neither products nor kinds are ever deleted: no foreign keys, which would lock each product again.
create table catalog.shelf (
    kind_id integer not null,
    place integer not null check (place > 0),
    product_id uuid not null unique,
    primary key (kind_id, place) include (product_id)
);

-- Gives a place to each of these products that is not on the shelf of its kind yet. In the order of keys: two writers
-- wait and never deadlock.
create function catalog.shelve(products uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    with new as (
        select product.id, product.category, catalog.kind_of(product.name) as name, product.name as whole
        from unnest(products) as given (id)
        inner join catalog.products as product on product.id = given.id
        left join catalog.shelf as held on held.product_id = product.id
        left join catalog.kinds as kind on kind.id = held.kind_id
        where (kind.category, kind.name) is distinct from (product.category, catalog.kind_of(product.name))
    ),
    counted as (
        insert into catalog.kinds as kept (category, name, places)
        select category, name, count(*) from new group by category, name order by name, category
        on conflict (name, category) do update set places = kept.places + excluded.places
        returning id, category, name, places
    )
    insert into catalog.shelf as kept (kind_id, place, product_id)
    select kind.id, kind.places - count(*) over each + row_number() over in_turns, new.id
    from (
        select
            id, category, name,
            row_number() over (partition by category, name, split_part(whole, ',', 2) order by id) as turn
        from new
    ) as new
    inner join counted as kind on kind.category = new.category and kind.name = new.name
    window each as (partition by kind.id), in_turns as (partition by kind.id order by new.turn, new.id)
    order by kind.id, new.turn, new.id
    on conflict (product_id) do update set kind_id = excluded.kind_id, place = excluded.place;
end;

-- How much of a text a query's words cover, from 0 to 1.
create function catalog.coverage(text tsvector, words text[]) returns double precision
language sql immutable strict parallel safe
return 1 - length(ts_delete(text, words))::double precision / greatest(length(text), 1);

-- How near to the beginning of a search a kind stands, in millionths: how much of its name and of its category is what
-- was asked for, and how many products think so. A category counts where little else is in it. What only begins with
-- the words comes after what holds them.
create function catalog.nearness(named tsvector, filed tsvector, words text[], places integer) returns integer
language sql immutable strict parallel safe
return (1000000 * (
    ln(0.01 + catalog.coverage(named, words) + catalog.coverage(filed, words) ^ 2) + 0.25 * ln(places)
))::integer;

-- What a place further down the shelf costs, in millionths of nearness.
create function catalog.distance(place integer) returns integer
language sql immutable strict parallel safe
return (1000000 * 0.5 * ln(place))::integer;

-- Once a statement: an import of a catalogue costs one walk through it.
create function catalog.shelve_written() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform catalog.shelve(array(select id from after));
    return null;
end
$$;

create function catalog.shelve_renamed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from after inner join before using (id)
        where (after.category, after.name) is distinct from (before.category, before.name)
    ) then
        perform catalog.shelve(array(select id from after));
    end if;
    return null;
end
$$;

create trigger shelve_inserted after insert on catalog.products
referencing new table as after for each statement execute function catalog.shelve_written();
create trigger shelve_updated after update on catalog.products
referencing old table as before new table as after for each statement execute function catalog.shelve_renamed();

revoke execute on function catalog.shelve(uuid[]) from public;
grant select on catalog.kinds, catalog.shelf to catalog_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
