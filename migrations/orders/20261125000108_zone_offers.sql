-- migrate:up transaction:false

-- A zone's open offers: a handful of rows at any time. `status` stands in it because the driver's policy reads it.
create index concurrently if not exists zone_offers on orders.orders (zone, created_at desc, id desc)
include (number, restaurant_id, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts)
where status = 'ready' and driver_id is null;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
