-- migrate:up

set lock_timeout = '2s';

-- Answers of the stock that found their order moved on, or not there: for the operator who asks what became of one.
-- Nothing reads it but people. An answer that moved its order stands in that order's history.
create table orders.late_answers (
    event_id uuid primary key,
    order_id uuid not null,
    answer text not null,
    -- The answer's own moment, and when it was found to be late.
    answered_at timestamptz not null,
    at timestamptz not null
);
grant insert on orders.late_answers to system;

-- The least for the system: it sees every order (to build their stream anew), confirms or rejects a pending one, and
-- nothing else. It asks under no key, and gives no order to a driver.
revoke select, insert on orders.idempotency_keys from system;
revoke update (driver_id, driver_name, stop) on orders.orders from system;
drop policy system_all on orders.orders;
create policy system_sees_all on orders.orders for select to system using (true);
-- A CASE is but a condition on each row. Written as a comparison, Postgres would rather walk through all that is pending
-- than look up the orders that were answered.
create policy system_answers on orders.orders for update to system
using (case status when 'pending' then true else false end) with check (status in ('confirmed', 'rejected'));

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
