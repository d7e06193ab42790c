-- migrate:up

set lock_timeout = '2s';

-- What an order holds: one row an order, made by its first event that comes, changed at most once, never deleted.
--   held      its pieces are taken from products.stock
--   short     there was not enough, so nothing was taken
--   released  its pieces are back; or it ended before its lines were read, and then nothing is ever taken
--   consumed  its pieces are delivered
create table catalog.reservations (
    order_id uuid primary key,
    state text not null check (state in ('held', 'short', 'released', 'consumed')),
    -- What was taken, of products whose stock is counted: [{"product_id": …, "quantity": …}]. It stays when the order
    -- ends; the state says what it means. A document: fixed once it is made, always read whole.
    held json not null,
    -- What was short, as it was answered.
    shortages json not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- Since when orders take pieces. Who counted the stock before counted what was on the shelf then: an order placed
-- earlier is answered, and takes nothing.
create table catalog.stock_kept (
    one_row boolean primary key default true check (one_row),
    since timestamptz not null
);
insert into catalog.stock_kept (since) values (clock_timestamp());

grant select, insert, update (state, updated_at) on catalog.reservations to catalog_service;
grant select on catalog.stock_kept to catalog_service;

-- Pieces come and go with every order, names and categories do not: only a changed text has words to learn.
create or replace function catalog.learn_words() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into catalog.words (word)
        select distinct lexeme collate "C" as word
        from after cross join lateral unnest(search)
        where lexeme !~ '^[0-9]' and length(lexeme) <= 40
        order by word
        on conflict (word) do nothing;
    else
        insert into catalog.words (word)
        select distinct lexeme collate "C" as word
        from after
        inner join before on before.id = after.id and before.search <> after.search
        cross join lateral unnest(after.search)
        where lexeme !~ '^[0-9]' and length(lexeme) <= 40
        order by word
        on conflict (word) do nothing;
    end if;
    return null;
end
$$;
drop trigger learn_updated on catalog.products;
create trigger learn_updated after update on catalog.products
referencing old table as before new table as after for each statement execute function catalog.learn_words();

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
