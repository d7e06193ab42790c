-- migrate:up transaction:false

-- A restaurant's list, and an admin's list of restaurants by name. The policy's column leads, so the index gives the order
-- under row-level security too; it holds all that an entry shows, so a page is read from it alone, at any depth.
create index concurrently if not exists restaurant_list on orders.orders (restaurant_id, created_at desc, id desc)
include (number, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
