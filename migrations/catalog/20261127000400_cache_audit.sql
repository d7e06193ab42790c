-- migrate:up

set lock_timeout = '2s';

-- What admins did with keys of the cache, before it was done. Ids are in the order of time.
create table catalog.cache_audit (
    id uuid primary key,
    at timestamptz not null,
    actor_id uuid not null,
    deed text not null check (deed in ('read', 'refresh', 'invalidate')),
    key text not null check (length(key) <= 200),
    request_id text
);

-- Not even the owner changes what was noted.
create function catalog.refuse_change_of_audit() returns trigger language plpgsql set search_path = ''
as $$
begin
    raise exception 'The audit is append-only.' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on catalog.cache_audit
for each statement execute function catalog.refuse_change_of_audit();

grant select, insert on catalog.cache_audit to catalog_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
