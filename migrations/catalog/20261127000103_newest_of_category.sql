-- migrate:up transaction:false

-- The same of a category; those that are not active stand beside them.
create index concurrently if not exists products_newest_of_category
on catalog.products (category, active, created_at desc, id desc);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
