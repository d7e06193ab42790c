-- migrate:up

set lock_timeout = '2s';

-- What a driver brings back from a delivery: who took the goods, and their signature or a photo. One an order, written
-- once by the driver who delivered it and never changed. A table of its own: nobody reads a picture with a list.
create table orders.proofs (
    order_id uuid primary key references orders.orders (id),
    kind text not null check (kind in ('signature', 'photo')),
    name text not null check (length(name) between 1 and 100),
    media_type text not null check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
    image bytea not null check (octet_length(image) between 1 and 204800),
    driver_id uuid not null,
    driver_name text not null,
    at timestamptz not null
);
-- Pictures are compressed already: to try again would only cost.
alter table orders.proofs alter column image set storage external;

grant select on orders.proofs to restaurant, driver, admin;
grant insert on orders.proofs to driver;
alter table orders.proofs enable row level security;
alter table orders.proofs force row level security;
create policy owner_sees_all on orders.proofs to current_user using (true);

-- Who sees an order sees its proof; who has delivered it writes it, under their own name.
create policy as_the_order on orders.proofs for select to restaurant, driver
using (exists (select from orders.orders as seen where seen.id = proofs.order_id));
create policy all_proofs on orders.proofs for select to admin using (true);
create policy own_deliveries on orders.proofs for insert to driver
with check (
    driver_id = (select orders.person_id())
    and exists (
        select from orders.orders as done
        where done.id = proofs.order_id and done.driver_id = proofs.driver_id and done.status = 'delivered'
    )
);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
