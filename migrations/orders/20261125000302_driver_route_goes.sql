-- migrate:up transaction:false

-- driver_stops has what it had.
drop index concurrently if exists orders.driver_route;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
