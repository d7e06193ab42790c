-- name: ask_for_entries
-- Readers came for these. What is new is wanted, as long as there is room for $4. What was refreshed longer ago than any
-- answer to a reader is kept is wanted again: a Nginx has it no more, or a reader's own answer, on its way while this was
-- fetched, has taken its place.
insert into catalog.edge_entries (address, category, shows, asked_at, wanted, done, wanted_at)
select address, category, case when product_id is null then '{}' else array[product_id] end, now(), 1, 0, now()
from unnest($1::text[], $2::text[], $3::uuid[]) as asked (address, category, product_id)
where exists (select from catalog.edge_entries as kept where kept.address = asked.address)
   or (select count(*) from catalog.edge_entries) < $4
order by address
on conflict (address) do update
set asked_at = excluded.asked_at, wanted = edge_entries.wanted + 1, wanted_at = excluded.wanted_at
where edge_entries.done = edge_entries.wanted and edge_entries.refreshed_at < now() - interval '1 second';

-- name: want_entries
-- The products $1 changed, which are in the categories $2 now: everything that shows one of them, and the first pages that
-- one of them may have come to.
with touched as (
    select address from catalog.edge_entries
    where shows && $1::uuid[] or category = any ($2::text[])
    order by address
    for update
)
update catalog.edge_entries as kept
set wanted = kept.wanted + 1, wanted_at = case when kept.done < kept.wanted then kept.wanted_at else now() end
from touched
where kept.address = touched.address;

-- name: claim_entries
-- At most $1 of what is wanted, the longest waiting first, for this process alone: no refresh takes as long as a claim
-- lasts. One that was refreshed just now waits for what else may come. What a page shows is written down here, before the
-- page is fetched: whoever comes later is announced later. `seconds` are left of its hour.
with claimed as (
    select address from catalog.edge_entries
    where done < wanted and claimed_until < now() and refreshed_at < now() - interval '500 milliseconds'
    order by wanted_at
    limit $1
    for update skip locked
)
update catalog.edge_entries as kept
set claimed_until = now() + interval '10 seconds',
    shows = case when kept.category is null then kept.shows else array(
        select product.id from catalog.products as product
        where product.active and product.category = kept.category
        order by product.id desc
        limit 21
    ) end
from claimed
where kept.address = claimed.address
returning
    kept.address, kept.wanted,
    greatest(1, extract(epoch from kept.asked_at + interval '1 hour' - now()))::integer as seconds,
    extract(epoch from now() - kept.wanted_at)::float8 as waited;

-- name: finish_entries
-- These were refreshed, for the reasons that there were when they were claimed.
with finished as (
    select address, wanted from unnest($1::text[], $2::bigint[]) as given (address, wanted) order by address
)
update catalog.edge_entries as kept
set done = finished.wanted, refreshed_at = now(), claimed_until = '-infinity',
    wanted_at = case when kept.wanted > finished.wanted then now() else kept.wanted_at end
from finished
where kept.address = finished.address;

-- name: postpone_entries!
-- These could not be refreshed: not again within a second.
update catalog.edge_entries
set claimed_until = now() + interval '1 second'
where address = any ($1::text[]);

-- name: get_edge_state
-- How long the longest waiting has waited, in seconds; 0 when nothing waits.
select coalesce(extract(epoch from now() - min(wanted_at)), 0)::float8 as stale
from catalog.edge_entries
where done < wanted;

-- name: count_edge_entries
-- How many there are: few, by their bound.
select count(*) as entries from catalog.edge_entries;

-- name: forget_entries!
-- Given up an hour after the last reader, and five minutes later expired in every Nginx.
delete from catalog.edge_entries where asked_at < now() - interval '65 minutes';
