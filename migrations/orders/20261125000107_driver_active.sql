-- migrate:up transaction:false

-- What a driver still has to bring: a few rows each.
create index concurrently if not exists driver_active on orders.orders (driver_id, created_at desc, id desc)
include (number, restaurant_id, zone, status, version, total_cents, lines, lat, lon, stop, updated_at, texts)
where driver_id is not null and status not in ('delivered', 'cancelled', 'rejected');

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
