-- migrate:up transaction:false

-- A driver's deliveries. No entry for orders that nobody drives.
create index concurrently if not exists driver_list on orders.orders (driver_id, created_at desc, id desc)
include (number, restaurant_id, zone, status, version, total_cents, lines, lat, lon, stop, updated_at, texts)
where driver_id is not null;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
