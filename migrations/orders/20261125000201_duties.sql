-- migrate:up

set lock_timeout = '2s';

-- Who is on duty, as they said last; who never said is. It decides who is given orders, and never who sees them.
create table orders.duties (
    driver_id uuid primary key,
    on_duty boolean not null,
    changed_at timestamptz not null
);
grant select, insert, update on orders.duties to driver;
grant select on orders.duties to admin;
alter table orders.duties enable row level security;
alter table orders.duties force row level security;
create policy driver_own on orders.duties to driver
using (driver_id = (select orders.person_id())) with check (driver_id = (select orders.person_id()));
create policy all_duties on orders.duties for select to admin using (true);

-- The place in a driver's route for the next order, or null while they are off duty. Holds the route until the end of the
-- transaction, so that two orders given to one driver at once never get the same place: whoever comes second waits here,
-- and then looks anew. Take it before any order's row. Under the caller's own sight: a driver for themself, admins for all.
create function orders.next_stop(driver uuid) returns integer
language plpgsql volatile set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('orders.route ' || driver::text, 0));
    if exists (select from orders.duties where driver_id = driver and not on_duty) then
        return null;
    end if;
    return (
        select coalesce(max(stop), 0) + 1
        from orders.orders
        where driver_id = driver and status in ('ready', 'out_for_delivery')
    );
end $$;
revoke execute on function orders.next_stop(uuid) from public;
-- Postgres asks for the privilege wherever a statement names the function, called or not.
grant execute on function orders.next_stop(uuid) to restaurant, driver, admin, system;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
