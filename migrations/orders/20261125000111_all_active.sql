-- migrate:up transaction:false

-- All that is under way, which an admin works through: hundreds of rows, whatever the table has.
create index concurrently if not exists all_active on orders.orders (created_at desc, id desc)
include (
    number, restaurant_id, zone, driver_id, status, version, total_cents, lines, lat, lon, stop, updated_at, texts
)
where status not in ('delivered', 'cancelled', 'rejected');

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
