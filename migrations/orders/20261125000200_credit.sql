-- migrate:up

set lock_timeout = '2s';

-- The credit account: what a restaurant's open orders hold, what it owes, and how many entries say so. The limit is
-- accounts' to set and stands in orders.restaurants. Nothing writes here but the functions below, which write the
-- entry with it. Half of each page stays free: the row changes with every order, in place.
create table orders.credit_accounts (
    restaurant_id uuid primary key,
    held_cents bigint not null default 0 check (held_cents >= 0),
    -- Below zero: paid ahead.
    owed_cents bigint not null default 0,
    entries bigint not null default 0 check (entries >= 0)
) with (fillfactor = 50);

-- The ledger. An entry takes its amount from one of the restaurant's ledger accounts and gives it to another, so both
-- sides always add up; services/orders/credit.py has the table of postings. `number` counts an account's entries
-- from 1 without a gap, under the lock of the account's row, and held_cents and owed_cents are what the account came to.
create table orders.ledger_entries (
    restaurant_id uuid not null,
    number bigint not null,
    kind text not null check (kind in ('hold', 'release', 'charge', 'payment')),
    debit text not null generated always as (
        case kind when 'hold' then 'held' when 'release' then 'line' when 'charge' then 'receivable' else 'bank' end
    ) stored,
    credit text not null generated always as (
        case kind when 'hold' then 'line' when 'release' then 'held' when 'charge' then 'revenue' else 'receivable' end
    ) stored,
    amount_cents bigint not null check (amount_cents > 0 or (amount_cents = 0 and kind <> 'payment')),
    held_cents bigint not null check (held_cents >= 0),
    owed_cents bigint not null,
    -- No foreign keys: the functions below read the order they write of, and orders are never deleted. The checks
    -- would cost the hottest path a look-up and a row lock each.
    order_id uuid,
    order_number bigint,
    reference text check (length(reference) <= 200),
    actor_id uuid,
    actor_role text not null check (actor_role in ('restaurant', 'driver', 'admin', 'system')),
    request_id text,
    at timestamptz not null,
    constraint order_or_payment check ((kind = 'payment') = (order_id is null)),
    constraint order_has_number check ((order_id is null) = (order_number is null)),
    -- The statement, newest first. All that it shows is included: a page is a few neighbours in the index, where the
    -- table would be a page a row, since everybody's entries lie there as they came.
    constraint ledger_entries_pkey primary key (restaurant_id, number) include (
        kind, amount_cents, held_cents, owed_cents, order_id, order_number, reference, actor_id, actor_role, at
    ),
    -- An order is held, released and charged once each, whoever asks how often. The invoice's look-up.
    constraint once_an_order unique (order_id, kind)
);

-- Not even the owner changes what was posted: what was wrong is put right by another entry.
create function orders.refuse_change() returns trigger language plpgsql set search_path = ''
as $$
begin
    raise exception 'The ledger is append-only: post another entry.' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on orders.ledger_entries
for each statement execute function orders.refuse_change();

-- What was ordered before there were accounts, as if there had been: a hold for each order, and what became of it.
insert into orders.ledger_entries (
    restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, actor_id, actor_role,
    request_id, at
)
select
    moved.restaurant_id,
    row_number() over account,
    moved.kind,
    moved.total_cents,
    (sum(case moved.kind when 'hold' then moved.total_cents when 'release' then -moved.total_cents else 0 end)
        over account)::bigint,
    (sum(case moved.kind when 'charge' then moved.total_cents else 0 end) over account)::bigint,
    moved.id,
    moved.number,
    history.actor_id,
    coalesce(history.actor_role, 'system'),
    history.request_id,
    moved.at
from (
    select placed.id, placed.number, placed.restaurant_id, placed.total_cents, 1 as version, 'hold' as kind, 1 as step,
        placed.created_at as at
    from orders.orders as placed
    union all
    select ended.id, ended.number, ended.restaurant_id, ended.total_cents, ended.version, 'release', 2, ended.updated_at
    from orders.orders as ended
    where ended.status in ('rejected', 'cancelled', 'delivered')
    union all
    select sold.id, sold.number, sold.restaurant_id, sold.total_cents, sold.version, 'charge', 3, sold.updated_at
    from orders.orders as sold
    where sold.status = 'delivered'
) as moved
left join orders.order_history as history on history.order_id = moved.id and history.version = moved.version
window account as (
    partition by moved.restaurant_id order by moved.at, moved.id, moved.step
    rows between unbounded preceding and current row
);

insert into orders.credit_accounts (restaurant_id, held_cents, owed_cents, entries)
select distinct on (restaurant_id) restaurant_id, held_cents, owed_cents, number
from orders.ledger_entries
order by restaurant_id, number desc;

insert into orders.credit_accounts (restaurant_id)
select id from orders.restaurants
on conflict do nothing;

-- The ways to write, and there are no others. Each takes the order's restaurant and total from its row and who asks
-- from the transaction's identity, never from its caller. `moment` is the application's clock.

-- Opens the account where it is not open, locks it until the end of the transaction, and says what is held and owed.
-- Null for a restaurant that nobody knows.
create function orders.open_credit(restaurant uuid) returns bigint []
language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into orders.credit_accounts (restaurant_id)
    select known.id from orders.restaurants as known where known.id = restaurant
    on conflict do nothing;
    return (
        select array[account.held_cents, account.owed_cents]
        from orders.credit_accounts as account
        where account.restaurant_id = restaurant
        for no key update
    );
end $$;

-- One entry and the account with it: [number, held, owed]. For the functions below alone.
create function orders.post_entry(
    restaurant uuid, posting text, amount bigint, about uuid, about_number bigint, note text, request text,
    moment timestamptz
) returns bigint []
language plpgsql volatile set search_path = ''
as $$
declare
    posted bigint [];
begin
    with account as (
        update orders.credit_accounts
        set
            held_cents = held_cents + case posting when 'hold' then amount when 'release' then -amount else 0 end,
            owed_cents = owed_cents + case posting when 'charge' then amount when 'payment' then -amount else 0 end,
            entries = entries + 1
        where restaurant_id = restaurant
        returning entries, held_cents, owed_cents
    )

    insert into orders.ledger_entries (
        restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, reference, actor_id,
        actor_role, request_id, at
    )
    select
        restaurant, account.entries, posting, amount, account.held_cents, account.owed_cents, about, about_number, note,
        orders.person_id(), current_setting('role'), request, moment
    from account
    returning array[number, held_cents, owed_cents] into strict posted;
    return posted;
end $$;

-- For a restaurant that has just placed this order: holds its total, and returns null; or holds nothing and returns
-- [limit, held, owed] when that would pass the limit. The account is locked either way, so the numbers hold. One
-- statement where the account is open and the order fits.
create function orders.hold_credit(placed uuid, request text, moment timestamptz) returns bigint []
language plpgsql volatile security definer set search_path = ''
as $$
declare
    -- Spelled out, not orders.restaurant_id(): of this function alone, which runs most, every call counts.
    customer uuid := nullif(current_setting('app.restaurant_id', true), '')::uuid;
    asking uuid := nullif(current_setting('app.person_id', true), '')::uuid;
    wanted record;
    ceiling bigint;
    standing bigint [];
begin
    -- By its id alone: asked for with its restaurant and state as well, Postgres may walk through all that is pending.
    select restaurant_id, status, number, total_cents into strict wanted from orders.orders where id = placed;
    if (wanted.restaurant_id = customer and wanted.status = 'pending') is not true then
        raise exception 'The order is not a new one of this restaurant.' using errcode = 'no_data_found';
    end if;
    loop
        with held as (
            update orders.credit_accounts as account
            set held_cents = account.held_cents + wanted.total_cents, entries = account.entries + 1
            from orders.restaurants as known
            where
                known.id = customer and account.restaurant_id = customer
                and account.held_cents + account.owed_cents + wanted.total_cents <= known.credit_limit_cents
            returning account.entries, account.held_cents, account.owed_cents
        )

        insert into orders.ledger_entries (
            restaurant_id, number, kind, amount_cents, held_cents, owed_cents, order_id, order_number, actor_id,
            actor_role, request_id, at
        )
        select
            customer, held.entries, 'hold', wanted.total_cents, held.held_cents, held.owed_cents, placed, wanted.number,
            asking, current_setting('role'), request, moment
        from held;
        if found then
            return null;
        end if;
        standing := orders.open_credit(customer);
        select credit_limit_cents into strict ceiling from orders.restaurants where id = customer;
        if standing[1] + standing[2] + wanted.total_cents > ceiling then
            return ceiling || standing;
        end if;
    end loop;
end $$;

-- For whoever has just ended this order: what it held is released, and charged when it was delivered. The service
-- decides the postings; what the order's own state contradicts is refused here, and so is a second time. An order that
-- was placed by a version without accounts is held first, limit or not. Returns the last entry's [number, held, owed].
create function orders.settle_credit(ended uuid, postings text [], request text, moment timestamptz) returns bigint []
language plpgsql volatile security definer set search_path = ''
as $$
declare
    settled record;
    posting text;
    posted bigint [];
begin
    select id, number, restaurant_id, total_cents, status into strict settled from orders.orders where id = ended;
    if (
        postings = case
            when settled.status = 'delivered' then array['release', 'charge']
            when settled.status in ('rejected', 'cancelled') then array['release']
        end
    ) is not true then
        raise exception 'An order that is % is not settled by %.', settled.status, postings
        using errcode = 'check_violation';
    end if;
    perform orders.open_credit(settled.restaurant_id);
    if not exists (select from orders.ledger_entries where order_id = ended and kind = 'hold') then
        postings := array['hold'] || postings;
    end if;
    foreach posting in array postings loop
        posted := orders.post_entry(
            settled.restaurant_id, posting, settled.total_cents, ended, settled.number, null, request, moment
        );
    end loop;
    return posted;
end $$;

-- For an admin to whom a restaurant has paid: [number, held, owed]. The account was opened before.
create function orders.record_payment(
    restaurant uuid, amount bigint, note text, request text, moment timestamptz
) returns bigint []
language sql volatile security definer set search_path = ''
return orders.post_entry(restaurant, 'payment', amount, null, null, note, request, moment);

revoke execute on function orders.open_credit(uuid) from public;
revoke execute on function orders.post_entry(uuid, text, bigint, uuid, bigint, text, text, timestamptz) from public;
revoke execute on function orders.hold_credit(uuid, text, timestamptz) from public;
revoke execute on function orders.settle_credit(uuid, text [], text, timestamptz) from public;
revoke execute on function orders.record_payment(uuid, bigint, text, text, timestamptz) from public;
grant execute on function orders.hold_credit(uuid, text, timestamptz) to restaurant;
grant execute on function orders.settle_credit(uuid, text [], text, timestamptz) to restaurant, driver, admin, system;
grant execute on function orders.open_credit(uuid) to admin;
grant execute on function orders.record_payment(uuid, bigint, text, text, timestamptz) to admin;

-- A restaurant sees its own account, admins all, drivers none.
grant select on orders.credit_accounts, orders.ledger_entries to restaurant, admin, system;
alter table orders.credit_accounts enable row level security;
alter table orders.credit_accounts force row level security;
alter table orders.ledger_entries enable row level security;
alter table orders.ledger_entries force row level security;
create policy owner_sees_all on orders.credit_accounts to current_user using (true);
create policy owner_sees_all on orders.ledger_entries to current_user using (true);
create policy restaurant_own on orders.credit_accounts for select to restaurant
using (restaurant_id = (select orders.restaurant_id()));
create policy restaurant_own on orders.ledger_entries for select to restaurant
using (restaurant_id = (select orders.restaurant_id()));
create policy all_accounts on orders.credit_accounts for select to admin, system using (true);
create policy all_entries on orders.ledger_entries for select to admin, system using (true);

-- A payment's key belongs to no order.
-- squawk-ignore ban-drop-not-null
alter table orders.idempotency_keys alter column order_id drop not null;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
