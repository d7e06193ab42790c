-- migrate:up transaction:false

-- The same of one category.
create index concurrently if not exists products_inactive_of_category
on catalog.products (category, id desc) where not active;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
