-- migrate:up transaction:false

-- How a name begins, in any case.
create index concurrently if not exists products_by_name on catalog.products (lower(name) text_pattern_ops);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
