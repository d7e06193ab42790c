-- migrate:up

set lock_timeout = '2s';

-- What a list shows of an order beside numbers and ids, as one JSON array: [restaurant_name, driver_name, address, reason,
-- shortages]. It stands in every index that a list is read from, and such an index takes 2,704 bytes a row and refuses
-- the row beyond: the rest of an entry needs less than 200, so this may have 2,000. Texts that need more (an address of
-- 500 Chinese characters has 1,500 bytes, shortages of 200 lines 30,000) leave it null, and the list reads them from the
-- row. So no insert can fail for an index, whatever people and other services write. Null also in rows from before.
alter table orders.orders add column texts text;

create function orders.texts_of(restaurant_name text, driver_name text, address text, reason text, shortages json)
returns text language sql stable parallel safe
return json_build_array(restaurant_name, driver_name, address, reason, shortages)::text;

-- By a trigger, so that no statement can change a text and forget this. (A generated column would rewrite the table.)
create function orders.keep_texts() returns trigger language plpgsql as $$
begin
    new.texts := orders.texts_of(new.restaurant_name, new.driver_name, new.address, new.reason, new.shortages);
    if octet_length(new.texts) > 2000 then
        new.texts := null;
    end if;
    return new;
end
$$;
create trigger texts_of_a_new_order before insert on orders.orders
for each row execute function orders.keep_texts();
-- Most steps change none of them.
create trigger texts_of_a_changed_order before update on orders.orders
for each row when (
    (new.restaurant_name, new.driver_name, new.address, new.reason, new.shortages::text)
    is distinct from (old.restaurant_name, old.driver_name, old.address, old.reason, old.shortages::text)
) execute function orders.keep_texts();

-- The orders as lists read them, under the policies of who asks. The sub-select runs for rows without texts alone.
create view orders.entries with (security_invoker = true) as
select
    id, number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, created_at, updated_at,
    coalesce(
        texts,
        (
            select orders.texts_of(long.restaurant_name, long.driver_name, long.address, long.reason, long.shortages)
            from orders.orders as long
            where long.id = orders.id
        )
    ) as texts
from orders.orders;
grant select on orders.entries to restaurant, driver, admin, system;

-- Pages are read from the index alone where vacuum has been since the last change. The default waits for a fifth of the
-- table to change: with ten millions of orders that is months.
alter table orders.orders set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
alter table orders.order_history set (autovacuum_vacuum_insert_scale_factor = 0.02);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
