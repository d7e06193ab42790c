-- migrate:up

set lock_timeout = '2s';

-- Who made which version of a product, and what it changed. It begins with this migration: what was there before has no
-- entry for how it came. Nobody may change or delete one.
create table catalog.product_history (
    product_id uuid not null,
    version integer not null check (version >= 1),
    at timestamptz not null,
    -- Null: the system.
    actor_id uuid,
    actor_role text not null,
    request_id text,
    -- {"price_cents": {"from": 250, "to": 300}}; of the first version all that it has, without "from".
    changes json not null,
    primary key (product_id, version),
    constraint people_have_a_role check ((actor_id is null) = (actor_role = 'system'))
);
grant select on catalog.product_history to catalog_service;

-- Kept by a trigger, so that no writer can forget it. Who is asking stands in the transaction (SET LOCAL); where nobody
-- is, it is the system. Stock that goes up and down by itself makes no version and no entry.
create function catalog.note_versions() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    person uuid := nullif(current_setting('app.person_id', true), '');
    role_of_person text := coalesce(nullif(current_setting('app.role', true), ''), 'system');
    request text := nullif(current_setting('app.request_id', true), '');
begin
    if tg_op = 'INSERT' then
        insert into catalog.product_history (product_id, version, at, actor_id, actor_role, request_id, changes)
        select
            id, version, updated_at, person, role_of_person, request,
            json_build_object(
                'sku', json_build_object('to', sku),
                'name', json_build_object('to', name),
                'category', json_build_object('to', category),
                'unit', json_build_object('to', unit),
                'price_cents', json_build_object('to', price_cents),
                'stock', json_build_object('to', stock),
                'active', json_build_object('to', active)
            )
        from after;
    else
        insert into catalog.product_history (product_id, version, at, actor_id, actor_role, request_id, changes)
        select
            after.id, after.version, after.updated_at, person, role_of_person, request,
            (
                select coalesce(json_object_agg(field, json_build_object('from', was, 'to', is_now)), '{}')
                from (
                    values
                        ('name', to_json(before.name), to_json(after.name)),
                        ('category', to_json(before.category), to_json(after.category)),
                        ('unit', to_json(before.unit), to_json(after.unit)),
                        ('price_cents', to_json(before.price_cents), to_json(after.price_cents)),
                        ('stock', to_json(before.stock), to_json(after.stock)),
                        ('active', to_json(before.active), to_json(after.active))
                ) as each (field, was, is_now)
                where was::text is distinct from is_now::text
            )
        from after
        inner join before on before.id = after.id
        where after.version <> before.version;
    end if;
    return null;
end
$$;

create trigger note_inserted after insert on catalog.products
referencing new table as after for each statement execute function catalog.note_versions();
create trigger note_updated after update on catalog.products
referencing old table as before new table as after for each statement execute function catalog.note_versions();

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
