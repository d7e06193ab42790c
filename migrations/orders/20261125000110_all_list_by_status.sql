-- migrate:up transaction:false

-- The same in one state.
create index concurrently if not exists all_list_by_status on orders.orders (status, created_at desc, id desc)
include (number, restaurant_id, zone, driver_id, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
