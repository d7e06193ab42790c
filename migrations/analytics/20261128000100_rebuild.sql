-- migrate:up

set lock_timeout = '2s';

-- When the projection last moved, by the clock: while it does, somebody is at it, and every other projector stands by.
alter table analytics.projection add column moved_at timestamptz not null default now();
-- How often the tables were replaced by rebuilt ones: who still knows the old ones finds that the projection has moved.
alter table analytics.projection add column generation integer not null default 0;

-- A rebuild has tables of its own, made anew like the live ones and swapped with them at its end. They are what follows from
-- ORDERS and CATALOG alone. The service may not make or drop tables: these functions do it for it, and nothing else.

create function analytics.rebuilt_tables() returns text []
language sql immutable set search_path = pg_catalog, pg_temp
return array[
    'projection', 'orders', 'products', 'totals', 'histograms', 'reasons', 'category_sales', 'product_sales'
];

-- Empty tables in the schema analytics_rebuild, with every index and constraint by its name. What a rebuild that was broken
-- off has left goes. Products count under what they are in now.
create function analytics.begin_rebuild(zone text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    name text;
    definition text;
begin
    set local client_min_messages = warning;
    drop schema if exists analytics_rebuild cascade;
    create schema analytics_rebuild;
    grant usage on schema analytics_rebuild to analytics_service;
    foreach name in array analytics.rebuilt_tables() loop
        execute format(
            'create table analytics_rebuild.%1$I (like analytics.%1$I including all excluding indexes)', name
        );
        for definition in
            select format('alter table analytics_rebuild.%I set (%s)', name, array_to_string(reloptions, ', '))
            from pg_class
            where oid = format('analytics.%I', name)::regclass and reloptions is not null
            union all
            select format('alter table analytics_rebuild.%I add constraint %I %s', name, conname, pg_get_constraintdef(oid))
            from pg_constraint
            where conrelid = format('analytics.%I', name)::regclass and contype in ('p', 'u')
            union all
            select replace(pg_get_indexdef(indexrelid), ' ON analytics.', ' ON analytics_rebuild.')
            from pg_index
            where indrelid = format('analytics.%I', name)::regclass and indisvalid
                and not exists (select from pg_constraint where conindid = indexrelid)
        loop
            execute definition;
        end loop;
        execute format('grant select, insert, update, delete on analytics_rebuild.%I to analytics_service', name);
    end loop;
    insert into analytics_rebuild.projection (epoch, seq, as_of, zone) values ('', 0, null, zone);
    insert into analytics_rebuild.products (id, sku, name, category, current_category, version)
    select id, sku, product.name, current_category, current_category, version from analytics.products as product;
end
$$;

-- Puts the rebuilt tables in the place of the live ones, in the transaction of whoever has locked analytics.projection and
-- folded in as much as it had. Products have gone on being learned.
create function analytics.finish_rebuild() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    name text;
begin
    foreach name in array analytics.rebuilt_tables() loop
        execute format('lock table analytics.%I in access exclusive mode', name);
    end loop;
    insert into analytics_rebuild.products as rebuilt (id, sku, name, category, current_category, version)
    select id, sku, product.name, category, current_category, version from analytics.products as product
    on conflict (id) do update
    set sku = excluded.sku, name = excluded.name, current_category = excluded.current_category, version = excluded.version
    where rebuilt.version < excluded.version;
    update analytics_rebuild.projection set generation = (select generation + 1 from analytics.projection);
    foreach name in array analytics.rebuilt_tables() loop
        execute format('drop table analytics.%I', name);
        execute format('alter table analytics_rebuild.%I set schema analytics', name);
    end loop;
    drop schema analytics_rebuild;
end
$$;

-- So that the first questions to the new tables are planned by what is in them.
create function analytics.analyze_rebuild() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    name text;
begin
    foreach name in array analytics.rebuilt_tables() loop
        execute format('analyze analytics_rebuild.%I', name);
    end loop;
end
$$;

revoke all on function analytics.rebuilt_tables(), analytics.begin_rebuild(text), analytics.finish_rebuild(),
analytics.analyze_rebuild() from public;
grant execute on function analytics.begin_rebuild(text), analytics.finish_rebuild(), analytics.analyze_rebuild()
to analytics_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
