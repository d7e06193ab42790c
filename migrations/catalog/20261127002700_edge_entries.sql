-- migrate:up

-- What Nginx may hold for an hour. A row is written before an answer is put there, and taken away when the answer has
-- expired, so nothing stale can be at the edge that is not found here. Small: at most some ten thousand rows.
create table catalog.edge_entries (
    -- The path and query, as Nginx asks for it and keeps it.
    address text primary key check (length(address) between 1 and 1024),
    -- Of a category's first page; null for a product.
    category text,
    -- The products that the answer is made of: of a page its own, and the one after, on which `next_cursor` depends.
    shows uuid [] not null,
    -- When a reader last had to go to catalog for it: an hour later it is given up.
    asked_at timestamptz not null,
    -- How many reasons there were to fetch it anew, and how many of them were answered; since when one waits.
    wanted bigint not null,
    done bigint not null,
    wanted_at timestamptz not null,
    refreshed_at timestamptz not null default '-infinity',
    -- Until then one process alone may have it fetched.
    claimed_until timestamptz not null default '-infinity'
);
create index edge_entries_stale on catalog.edge_entries (wanted_at) where done < wanted;
create index edge_entries_shows on catalog.edge_entries using gin (shows) with (fastupdate = off);
create index edge_entries_category on catalog.edge_entries (category) where category is not null;
create index edge_entries_asked on catalog.edge_entries (asked_at);

grant select, insert, update, delete on catalog.edge_entries to catalog_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
