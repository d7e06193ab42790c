-- migrate:up transaction:false

-- The same in one state. The next stop of a driver's route is found here too.
create index concurrently if not exists driver_list_by_status on orders.orders (driver_id, status, created_at desc, id desc)
include (number, restaurant_id, zone, version, total_cents, lines, lat, lon, stop, updated_at, texts)
where driver_id is not null;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
