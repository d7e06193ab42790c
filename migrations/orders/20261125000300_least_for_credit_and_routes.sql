-- migrate:up

set lock_timeout = '2s';

-- A place in a route is given by admins, and by drivers who take an offer. A restaurant's and the system's steps give
-- none, and no query of theirs names the function.
revoke execute on function orders.next_stop(uuid) from restaurant, system;

-- A driver's duty stays theirs: only what they say of it changes.
revoke update on orders.duties from driver;
grant update (on_duty, changed_at) on orders.duties to driver;

-- The system ends orders, and reads nobody's account.
revoke select on orders.credit_accounts, orders.ledger_entries from system;
alter policy all_accounts on orders.credit_accounts to admin;
alter policy all_entries on orders.ledger_entries to admin;

-- For whoever has just ended this order: as before, but only for who sees it, since the refusal tells its state; and it
-- returns nothing, since what a restaurant holds and owes is not for its drivers.
-- No version that was released calls it.
-- squawk-ignore ban-drop-function
drop function orders.settle_credit(uuid, text [], text, timestamptz);
create function orders.settle_credit(ended uuid, postings text [], request text, moment timestamptz) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    settled record;
    posting text;
begin
    -- The owner sees all: what the policies would let the caller see is asked here.
    select id, number, restaurant_id, total_cents, status into strict settled
    from orders.orders
    where
        id = ended
        and case current_setting('role')
            when 'restaurant' then restaurant_id = orders.restaurant_id()
            when 'driver' then driver_id = orders.person_id()
            else current_setting('role') in ('admin', 'system')
        end;
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
        perform orders.post_entry(
            settled.restaurant_id, posting, settled.total_cents, ended, settled.number, null, request, moment
        );
    end loop;
end $$;
revoke execute on function orders.settle_credit(uuid, text [], text, timestamptz) from public;
grant execute on function orders.settle_credit(uuid, text [], text, timestamptz) to restaurant, driver, admin, system;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
