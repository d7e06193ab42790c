-- migrate:up

set lock_timeout = '2s';

-- Some figures of each snapshot of kind `now`, apart from it: days of minutes are read at once, and no document of theirs.
create table analytics.history (
    at timestamptz primary key,
    connections integer not null,
    commits_a_second float8,
    hit_ratio float8,
    bytes bigint not null,
    blocked integer not null,
    silent integer not null,
    busiest_pool float8,
    outbox_oldest_seconds float8,
    replica_lag_seconds float8
);
insert into analytics.history (
    at, connections, commits_a_second, hit_ratio, bytes, blocked, silent, busiest_pool, outbox_oldest_seconds,
    replica_lag_seconds
)
select
    at,
    (document -> 'server' ->> 'connections')::integer,
    (document -> 'rates' ->> 'commits_a_second')::float8,
    (document -> 'rates' ->> 'hit_ratio')::float8,
    (document -> 'server' ->> 'bytes')::bigint,
    json_array_length(document -> 'blocked'),
    json_array_length(document -> 'silent'),
    (
        select max((pool ->> 'busy')::float8 / (pool ->> 'size')::float8)
        from json_array_elements(document -> 'pools') as pool
    ),
    (select max((outbox ->> 'oldest_seconds')::float8) from json_array_elements(document -> 'outboxes') as outbox),
    (select max((replica ->> 'replay_lag_seconds')::float8) from json_array_elements(document -> 'replicas') as replica)
from analytics.snapshots
where kind = 'now';

-- When a statement was last seen to do something, to the day: what nobody runs any more goes.
alter table analytics.statements add column seen_at timestamptz not null default now();

grant select, insert, update, delete on analytics.history to analytics_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
