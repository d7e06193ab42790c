-- migrate:up transaction:false

-- How a sku begins, in any case. Compared byte by byte, so that a beginning is a range whatever the collation.
create index concurrently if not exists products_by_sku on catalog.products (lower(sku) text_pattern_ops);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
