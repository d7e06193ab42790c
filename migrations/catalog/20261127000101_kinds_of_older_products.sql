-- migrate:up

-- What was there before kinds were: some seconds for a hundred thousand products, which nobody waits for. Who writes
-- products meanwhile puts them on the shelf themselves, or waits for the kind.
select catalog.shelve(array(select id from catalog.products));

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
