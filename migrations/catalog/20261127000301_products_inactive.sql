-- migrate:up transaction:false

-- What is not sold now, newest first: admins look for it among all products. Few rows, whatever the table has.
create index concurrently if not exists products_inactive on catalog.products (id desc) where not active;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
