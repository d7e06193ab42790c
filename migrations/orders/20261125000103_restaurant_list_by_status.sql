-- migrate:up transaction:false

-- The same in one state: few orders are cancelled, and to find twenty of them the list would be read far down.
create index concurrently if not exists restaurant_list_by_status on orders.orders (restaurant_id, status, created_at desc, id desc)
include (number, zone, driver_id, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
