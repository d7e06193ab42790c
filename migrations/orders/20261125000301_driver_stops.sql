-- migrate:up transaction:false

-- A driver's route in the order of its stops, and its last stop, with all that an entry shows: a page is read from the
-- index alone, however many stops there are. A few hundred rows, whatever the table has.
create index concurrently if not exists driver_stops on orders.orders (driver_id, stop, id)
include (number, restaurant_id, zone, status, version, total_cents, lines, lat, lon, created_at, updated_at, texts)
where driver_id is not null and status in ('ready', 'out_for_delivery');

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
