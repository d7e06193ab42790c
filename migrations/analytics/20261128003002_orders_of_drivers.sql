-- migrate:up transaction:false

-- From a driver's number to the orders behind it. None with the status in it: each event changes that, and would have to
-- write every index of the table.
create index concurrently if not exists orders_of_driver
on analytics.orders (driver_id, created_at, id) where driver_id is not null;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
