-- migrate:up

set lock_timeout = '2s';

-- What the database and the processes did, kept a minute at a time so that yesterday can be seen beside today.
-- docs/database-performance.md says what to read in it. Everything here can be lost without loss to an order.

-- The counters as they stood at the last snapshot: what the next one's are subtracted from. One row. Whoever moves
-- `claimed_until` ahead takes the next snapshot.
create table analytics.snapshot_counters (
    one_row boolean primary key default true check (one_row),
    -- Of the last snapshot; null before the first.
    at timestamptz,
    -- services/analytics/performance_counters.py's Counters; null before the first.
    counters json,
    claimed_until timestamptz not null
) with (fillfactor = 50);
insert into analytics.snapshot_counters (at, counters, claimed_until) values (null, null, '-infinity');

-- What was seen at a moment, as it is answered: `now` each minute, `objects` (tables and indexes) each hour.
create table analytics.snapshots (
    kind text collate "C" not null check (kind in ('now', 'objects')),
    at timestamptz not null,
    document json not null,
    primary key (kind, at)
);

-- Statements of pg_stat_statements, each under the role that ran it. `name` is ours, null for what is not in a
-- queries.sql; `text` has $1 for each parameter.
create table analytics.statements (
    id integer primary key generated always as identity,
    query_id bigint not null,
    role text not null,
    name text,
    text text not null,
    unique (query_id, role)
);

-- What a statement did in the time before `at`, since the snapshot before. No row where it did nothing.
create table analytics.statement_minutes (
    at timestamptz not null,
    statement integer not null,
    calls bigint not null,
    total_ms float8 not null,
    rows bigint not null,
    -- Blocks of 8 KiB.
    blocks_hit bigint not null,
    blocks_read bigint not null,
    blocks_temp bigint not null,
    primary key (at, statement)
);

-- The same of our queries, as callers waited for them, in every process. `counts` are by proto/vitals.py's QUERY_BOUNDS.
create table analytics.query_minutes (
    at timestamptz not null,
    query text collate "C" not null,
    counts integer [] not null,
    seconds float8 not null,
    primary key (at, query)
);

-- Where a query stands, by who told it last.
create table analytics.queries (
    query text collate "C" primary key,
    place text not null
);

-- Each query that somebody waited long for, the `number`th of a process that started at `since`.
create table analytics.slow_queries (
    instance text not null,
    since timestamptz not null,
    number integer not null,
    query text collate "C" not null,
    at timestamptz not null,
    seconds float8 not null,
    primary key (instance, since, number)
);
create index on analytics.slow_queries (at);

-- How Postgres would do a slow query, for any parameters; a changed plan is another row.
create table analytics.plans (
    query text collate "C" not null,
    role text not null,
    -- Of the plan's shape: its nodes, relations, indexes and conditions, without its costs.
    shape text not null,
    plan json not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (query, role, shape)
);

-- How often tables were read whole and indexes were used, by the day (UTC).
create table analytics.usage_days (
    day date not null,
    kind text collate "C" not null check (kind in ('index', 'table')),
    name text collate "C" not null,
    scans bigint not null,
    rows_read bigint not null,
    primary key (day, kind, name)
);

grant select, insert, update, delete on
analytics.snapshot_counters, analytics.snapshots, analytics.statements, analytics.statement_minutes,
analytics.query_minutes, analytics.queries, analytics.slow_queries, analytics.plans, analytics.usage_days
to analytics_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
