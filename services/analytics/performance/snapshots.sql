-- What is kept of how the database and the processes did. Rows come as JSON: an array of objects for a whole snapshot.

-- name: claim_snapshot
-- The counters of the last snapshot, for whoever is to take the next: it is $1 seconds old, and nobody else is at it. A
-- claim ends by itself, so that a process that was killed keeps nobody from it.
update analytics.snapshot_counters
set claimed_until = now() + interval '30 seconds'
where claimed_until < now() and (at is null or at <= now() - make_interval(secs => $1))
returning at, counters::text;

-- name: get_counters
-- The same for whoever only compares.
select at, counters::text from analytics.snapshot_counters;

-- name: move_counters
-- From the snapshot at $1 to that at $2; no row when somebody else has moved them meanwhile.
update analytics.snapshot_counters
set at = $2, counters = $3::json, claimed_until = '-infinity'
where at is not distinct from $1
returning at;

-- name: insert_snapshot!
insert into analytics.snapshots (kind, at, document) values ($1, $2, $3::json);

-- name: learn_statements
-- The ids of these statements, those that are new among them, which were seen at $2.
with given as (
    select query_id, role, name, text
    from json_to_recordset($1::json) as given (query_id bigint, role text, name text, text text)
),

known as (
    select statement.id, statement.query_id, statement.role, statement.seen_at
    from given
    inner join analytics.statements as statement on statement.query_id = given.query_id and statement.role = given.role
),

seen as (
    update analytics.statements as statement set seen_at = $2
    from known
    where statement.id = known.id and known.seen_at < $2::timestamptz - interval '1 day'
),

added as (
    insert into analytics.statements (query_id, role, name, text, seen_at)
    select query_id, role, name, text, $2 from given
    where not exists (select from known where known.query_id = given.query_id and known.role = given.role)
    returning id, query_id, role
)

select id, query_id, role from added
union all
select id, query_id, role from known;

-- name: insert_point!
-- Some figures of a snapshot, for list_history.
insert into analytics.history (
    at, connections, commits_a_second, hit_ratio, bytes, blocked, silent, busiest_pool, outbox_oldest_seconds,
    replica_lag_seconds
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: insert_statement_minutes!
insert into analytics.statement_minutes (
    at, statement, calls, total_ms, rows, blocks_hit, blocks_read, blocks_temp
)
select $1, statement, calls, total_ms, rows, blocks_hit, blocks_read, blocks_temp
from json_to_recordset($2::json) as given (
    statement integer, calls bigint, total_ms float8, rows bigint, blocks_hit bigint, blocks_read bigint,
    blocks_temp bigint
);

-- name: insert_query_minutes!
insert into analytics.query_minutes (at, query, counts, seconds)
select $1, query, counts, seconds
from json_to_recordset($2::json) as given (query text, counts integer [], seconds float8);

-- name: learn_queries!
-- Where they stand. Written only when somebody tells something new.
insert into analytics.queries (query, place)
select query, place from json_to_recordset($1::json) as given (query text, place text)
on conflict (query) do update
set place = excluded.place
where queries.place <> excluded.place;

-- name: insert_slow_queries!
-- A process tells its last ones each time: those that are known change nothing.
insert into analytics.slow_queries (instance, since, number, query, at, seconds)
select instance, since, number, query, at, seconds
from json_to_recordset($1::json) as given (
    instance text, since timestamptz, number integer, query text, at timestamptz, seconds float8
)
on conflict do nothing;

-- name: note_plans!
insert into analytics.plans (query, role, shape, plan, first_seen, last_seen)
select query, role, shape, plan, $1, $1
from json_to_recordset($2::json) as given (query text, role text, shape text, plan json)
on conflict (query, role, shape) do update set plan = excluded.plan, last_seen = excluded.last_seen;

-- name: add_usage!
insert into analytics.usage_days (day, kind, name, scans, rows_read)
select $1, kind, name, scans, rows_read
from json_to_recordset($2::json) as given (kind text, name text, scans bigint, rows_read bigint)
on conflict (day, kind, name) do update
set scans = usage_days.scans + excluded.scans, rows_read = usage_days.rows_read + excluded.rows_read;

-- name: delete_snapshots
-- At most $2 that are older than $1; how many went.
with old as (
    select kind, at from analytics.snapshots where kind in ('now', 'objects') and at < $1 order by kind, at limit $2
),

gone as (
    delete from analytics.snapshots as kept using old where kept.kind = old.kind and kept.at = old.at returning 1
)

select count(*) as rows from gone;

-- name: delete_points
with old as (select at from analytics.history where at < $1 order by at limit $2),

gone as (delete from analytics.history as kept using old where kept.at = old.at returning 1)

select count(*) as rows from gone;

-- name: delete_statements
-- What was last seen before $1, and so has no minute any more that is kept.
with old as (select id from analytics.statements where seen_at < $1 order by id limit $2),

gone as (
    delete from analytics.statements as kept using old where kept.id = old.id and kept.seen_at < $1 returning 1
)

select count(*) as rows from gone;

-- name: delete_statement_minutes
with old as (
    select at, statement from analytics.statement_minutes where at < $1 order by at, statement limit $2
),

gone as (
    delete from analytics.statement_minutes as kept using old
    where kept.at = old.at and kept.statement = old.statement
    returning 1
)

select count(*) as rows from gone;

-- name: delete_query_minutes
with old as (select at, query from analytics.query_minutes where at < $1 order by at, query limit $2),

gone as (
    delete from analytics.query_minutes as kept using old where kept.at = old.at and kept.query = old.query returning 1
)

select count(*) as rows from gone;

-- name: delete_slow_queries
with old as (select instance, since, number from analytics.slow_queries where at < $1 order by at limit $2),

gone as (
    delete from analytics.slow_queries as kept using old
    where (kept.instance, kept.since, kept.number) = (old.instance, old.since, old.number)
    returning 1
)

select count(*) as rows from gone;

-- name: delete_plans
with old as (select query, role, shape from analytics.plans where last_seen < $1 limit $2),

gone as (
    delete from analytics.plans as kept using old
    where (kept.query, kept.role, kept.shape) = (old.query, old.role, old.shape)
    returning 1
)

select count(*) as rows from gone;

-- name: delete_usage
with old as (select day, kind, name from analytics.usage_days where day < $1::timestamptz::date order by day limit $2),

gone as (
    delete from analytics.usage_days as kept using old
    where (kept.day, kept.kind, kept.name) = (old.day, old.kind, old.name)
    returning 1
)

select count(*) as rows from gone;

-- name: get_snapshot
-- The last of a kind up to a moment.
select document::text from analytics.snapshots where kind = $1 and at <= $2 order by at desc limit 1;

-- name: get_last_at
-- When the last of a kind was taken, up to a moment.
select max(at) as at from analytics.snapshots where kind = $1 and at <= $2;

-- name: list_history
-- Some figures of each snapshot in a span, the last one in each $3 seconds of it.
select distinct on (date_bin(make_interval(secs => $3), at, $1))
    at, connections, commits_a_second, hit_ratio, bytes, blocked, silent, busiest_pool, outbox_oldest_seconds,
    replica_lag_seconds
from analytics.history
where at >= $1 and at <= $2
order by date_bin(make_interval(secs => $3), at, $1), at desc;

-- name: sum_statements
-- What each of our queries, and each other statement, did in a span: a row for each role. Times are ms.
select
    statement.name,
    case when statement.name is null then statement.query_id end as query_id,
    statement.role,
    min(statement.text) as text,
    sum(minute.calls)::bigint as calls,
    sum(minute.total_ms) as total_ms,
    sum(minute.rows)::bigint as rows,
    sum(minute.blocks_hit)::bigint as blocks_hit,
    sum(minute.blocks_read)::bigint as blocks_read,
    sum(minute.blocks_temp)::bigint as blocks_temp
from analytics.statement_minutes as minute
inner join analytics.statements as statement on statement.id = minute.statement
where minute.at > $1 and minute.at <= $2
group by statement.name, case when statement.name is null then statement.query_id end, statement.role;

-- name: sum_queries
-- How long callers waited for each of our queries in a span: by QUERY_BOUNDS, and together.
select query, array_agg(amount order by bucket) as counts, max(seconds) as seconds
from (
    select
        minute.query,
        count.bucket,
        sum(count.amount)::bigint as amount,
        sum(minute.seconds) as seconds
    from analytics.query_minutes as minute
    cross join unnest(minute.counts) with ordinality as count (amount, bucket)
    where minute.at > $1 and minute.at <= $2
    group by minute.query, count.bucket
) as summed
group by query;

-- name: list_places
select query, place from analytics.queries;

-- name: list_slow_queries
-- Of each query that took long in a span: how often, how long at most, and when last.
select query, count(*)::integer as times, max(seconds) as longest_seconds, max(at) as last_at
from analytics.slow_queries
where at > $1 and at <= $2
group by query;

-- name: list_plans
-- The plans of these queries, the last seen first.
select query, role, plan::text, first_seen, last_seen
from analytics.plans
where query = any ($1::text [])
order by query, last_seen desc, first_seen desc;

-- name: list_recent_plans
-- The plans that were seen since then.
select query, role, plan::text, first_seen, last_seen
from analytics.plans
where last_seen >= $1
order by query, last_seen desc, first_seen desc;

-- name: sum_usage
-- Since that day: how often each table was read whole, or each index used, and how many rows that were.
select name, sum(scans)::bigint as scans, sum(rows_read)::bigint as rows_read
from analytics.usage_days
where kind = $1 and day >= $2
group by name;

-- name: get_first_day
-- Since when usage is known.
select min(day) as day from analytics.usage_days;
