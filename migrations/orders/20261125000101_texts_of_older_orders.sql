-- migrate:up transaction:false

-- Texts of the orders from before, a thousand at a time, so that nobody waits for a row longer than a moment. Broken off,
-- it is run again.
do $$
declare
    last uuid := '00000000-0000-0000-0000-000000000000';
begin
    loop
        with older as (
            select id from orders.orders where id > last order by id limit 1000
        ),
        kept as (
            update orders.orders as told
            set texts = kept.texts
            from (
                select id, orders.texts_of(restaurant_name, driver_name, address, reason, shortages) as texts
                from orders.orders
                where id in (select id from older) and texts is null
            ) as kept
            where told.id = kept.id and told.texts is null and octet_length(kept.texts) <= 2000
        )
        select id into last from older order by id desc limit 1;
        exit when last is null;
        commit;
    end loop;
end
$$;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
