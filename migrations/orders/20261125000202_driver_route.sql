-- migrate:up transaction:false

-- A driver's route in the order of its stops, and its last stop. Orders are under way for hours, so this holds hundreds
-- of rows, whatever the table has.
create index concurrently if not exists driver_route on orders.orders (driver_id, stop, id)
where driver_id is not null and status in ('ready', 'out_for_delivery');

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
