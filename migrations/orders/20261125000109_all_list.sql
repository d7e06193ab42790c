-- migrate:up transaction:false

-- The admin's list of all.
create index concurrently if not exists all_list on orders.orders (created_at desc, id desc)
include (
    number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts
);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
