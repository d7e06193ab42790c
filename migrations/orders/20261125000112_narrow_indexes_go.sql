-- migrate:up

set lock_timeout = '2s';

-- The covering ones are there and answer all that these did: each would be one more write a step for nothing. Not
-- concurrently: it takes a moment once nobody reads, gives up after two seconds, and all of them go or none.
-- squawk-ignore require-concurrent-index-deletion
drop index orders.orders_of_restaurant, orders.orders_of_restaurant_by_status, orders.orders_of_driver,
orders.open_offers, orders.orders_by_time, orders.orders_by_status;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
