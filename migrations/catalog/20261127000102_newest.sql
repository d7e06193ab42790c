-- migrate:up transaction:false

-- The list, newest first. It asks for the moment and not for the id: ids are made in order, and need not be.
create index concurrently if not exists products_newest on catalog.products (created_at desc, id desc) where active;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
