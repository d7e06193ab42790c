-- migrate:up

set lock_timeout = '2s';

-- The list is read by the moment now, and nearly all products are active: by their ids the primary key does as well. Not
-- concurrently: it takes a moment once nobody reads, and gives up after two seconds.
-- squawk-ignore require-concurrent-index-deletion
drop index catalog.products_listed;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
