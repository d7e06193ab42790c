-- migrate:up transaction:false

-- What a restaurant waits for. Orders end within hours, so this holds hundreds of rows, whatever the table has.
create index concurrently if not exists restaurant_active on orders.orders (restaurant_id, created_at desc, id desc)
include (number, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts)
where status not in ('delivered', 'cancelled', 'rejected');

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
