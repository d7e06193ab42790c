-- How the database does, by its own statistics. Each of these runs as pg_read_all_stats, which sees what every role's
-- statements cost and nobody's rows. Of a statement that runs now only our name is taken, or its first word: what
-- somebody types into psql holds values.

-- name: get_server
-- The server, and this database since its counters were last set back. `statements`: whether pg_stat_statements is here.
select
    current_setting('server_version') as version,
    pg_postmaster_start_time() as started_at,
    pg_is_in_recovery() as replica,
    pg_database_size(stats.datid) as bytes,
    current_setting('max_connections')::integer as connections_limit,
    (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
    stats.xact_commit as commits,
    stats.xact_rollback as rollbacks,
    stats.blks_hit as blocks_hit,
    stats.blks_read as blocks_read,
    stats.temp_bytes,
    stats.deadlocks,
    stats.stats_reset as counted_since,
    age(database.datfrozenxid) as xid_age,
    current_setting('autovacuum_freeze_max_age')::bigint as xid_age_forced,
    to_regclass('pg_stat_statements') is not null as statements
from pg_stat_database as stats
inner join pg_database as database on database.oid = stats.datid
where stats.datname = current_database();

-- name: list_connections
-- Who is connected to this database, and in what state.
select
    usename::text as role, application_name as application, coalesce(state, 'starting') as state, count(*) as connections
from pg_stat_activity
where datname = current_database() and backend_type = 'client backend'
group by usename, application_name, state
order by usename, application_name, state;

-- name: list_transactions
-- The oldest transactions but this one: what vacuum waits for, and what may hold locks.
select
    pid,
    coalesce(usename::text, backend_type) as role,
    application_name as application,
    coalesce(state, 'starting') as state,
    extract(epoch from clock_timestamp() - xact_start)::float8 as seconds,
    coalesce(
        substring(query from '^\s*\w+ /\* ([a-z_]+\.\w+) \*/'), lower(substring(query from '^\s*([a-zA-Z]+)'))
    ) as statement
from pg_stat_activity
where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
order by xact_start
limit 10;

-- name: list_blocked
-- Who waits for a lock, and for whom: a row for each pair, the longest wait first.
with waiting as (
    select
        activity.pid,
        activity.usename,
        activity.backend_type,
        activity.query,
        coalesce(lock.waitstart, activity.query_start) as since,
        lock.locktype,
        lock.mode,
        lock.relation::regclass::text as relation,
        pg_blocking_pids(activity.pid) as blockers
    from pg_stat_activity as activity
    inner join pg_locks as lock on lock.pid = activity.pid and not lock.granted
    where activity.wait_event_type = 'Lock' and activity.datname = current_database()
)

select
    waiting.pid,
    coalesce(waiting.usename::text, waiting.backend_type) as role,
    coalesce(
        substring(waiting.query from '^\s*\w+ /\* ([a-z_]+\.\w+) \*/'), lower(substring(waiting.query from '^\s*([a-zA-Z]+)'))
    ) as statement,
    extract(epoch from clock_timestamp() - waiting.since)::float8 as seconds,
    waiting.locktype as waits_for,
    waiting.mode,
    waiting.relation,
    blocker.pid as blocker_pid,
    coalesce(blocker.usename::text, blocker.backend_type) as blocker_role,
    blocker.application_name as blocker_application,
    blocker.state as blocker_state,
    coalesce(
        substring(blocker.query from '^\s*\w+ /\* ([a-z_]+\.\w+) \*/'), lower(substring(blocker.query from '^\s*([a-zA-Z]+)'))
    ) as blocker_statement,
    extract(epoch from clock_timestamp() - blocker.xact_start)::float8 as blocker_seconds
from waiting
cross join unnest(waiting.blockers) as blocking (pid)
inner join pg_stat_activity as blocker on blocker.pid = blocking.pid
order by waiting.since;

-- name: list_replicas
-- Who reads this server's WAL, and how far behind they are. Lags are null while nothing is written.
select
    application_name as name,
    state,
    sync_state,
    pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint as bytes_behind,
    extract(epoch from write_lag)::float8 as write_lag_seconds,
    extract(epoch from flush_lag)::float8 as flush_lag_seconds,
    extract(epoch from replay_lag)::float8 as replay_lag_seconds
from pg_stat_replication
order by application_name, pid;

-- name: list_slots
-- What keeps WAL for somebody, and how much of it.
select
    slot_name::text as name,
    slot_type as kind,
    active,
    wal_status,
    pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint as bytes_kept,
    safe_wal_size as bytes_left
from pg_replication_slots
order by slot_name;

-- name: get_statements_since
-- When pg_stat_statements began to count.
select stats_reset as since from pg_stat_statements_info;

-- name: list_statements
-- What statements of this database cost since then, each under the role that ran it. In `text` a parameter is a number. Of
-- what is none of select, insert, update, delete, merge, with and values only the first word is told: pg_stat_statements
-- leaves in it what was typed, as the password of a new role, where pg_stat_statements.track_utility is on.
select
    statement.queryid as query_id,
    coalesce(role.rolname::text, 'a role that is gone') as role,
    substring(min(statement.query) from '^\s*\w+ /\* ([a-z_]+\.\w+) \*/') as name,
    case
        when min(statement.query) ~* '^[\s(]*(select|insert|update|delete|merge|with|values)\M' then left(min(statement.query), 1000)
        else coalesce(lower(substring(min(statement.query) from '^\s*([a-zA-Z]+)')), 'a statement')
    end as text,
    sum(statement.calls)::float8 as calls,
    sum(statement.total_exec_time) as total_ms,
    sum(statement.rows)::float8 as rows,
    sum(statement.shared_blks_hit)::float8 as blocks_hit,
    sum(statement.shared_blks_read)::float8 as blocks_read,
    sum(statement.temp_blks_read + statement.temp_blks_written)::float8 as blocks_temp
from pg_stat_statements as statement
inner join pg_database as database on database.oid = statement.dbid
left join pg_roles as role on role.oid = statement.userid
where database.datname = current_database() and statement.queryid is not null
group by statement.queryid, role.rolname;

-- name: list_widths
-- How wide the columns of tables are, and those of indexes that hold an expression.
select relation::bigint, attribute, bytes, nulls from planner.widths();

-- name: list_tables
-- Our tables: their size, what is dead in them, their vacuum, how they are read.
select
    relation.oid::bigint as relation,
    stats.schemaname || '.' || stats.relname as name,
    case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows,
    pg_total_relation_size(relation.oid) as bytes,
    pg_relation_size(relation.oid) as heap_bytes,
    coalesce(
        (select option_value::integer from pg_options_to_table(relation.reloptions) where option_name = 'fillfactor'), 100
    ) as fillfactor,
    stats.n_live_tup as live_rows,
    stats.n_dead_tup as dead_rows,
    greatest(stats.last_vacuum, stats.last_autovacuum) as vacuumed_at,
    greatest(stats.last_analyze, stats.last_autoanalyze) as analyzed_at,
    age(relation.relfrozenxid) as xid_age,
    stats.seq_scan as whole_reads,
    stats.seq_tup_read as rows_read_whole,
    coalesce(stats.idx_scan, 0) as index_reads,
    stats.n_tup_upd as updates,
    stats.n_tup_hot_upd as updates_in_place
from pg_stat_user_tables as stats
inner join pg_class as relation on relation.oid = stats.relid
order by pg_total_relation_size(relation.oid) desc, stats.schemaname, stats.relname;

-- name: list_indexes
-- Our indexes: their size, their use since the counters were set back, and what they are for. `keys` are the table's
-- columns, 0 for an expression. `same_as`: another on the same columns in the same order.
select
    stats.indexrelid::bigint as relation,
    stats.relid::bigint as table_relation,
    stats.schemaname || '.' || stats.indexrelname as name,
    stats.schemaname || '.' || stats.relname as table,
    method.amname::text as method,
    index.indkey::smallint [] as keys,
    case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows,
    pg_relation_size(stats.indexrelid) as bytes,
    stats.idx_scan as scans,
    stats.idx_tup_read as rows_read,
    index.indisunique as unique,
    exists (select from pg_constraint where conindid = stats.indexrelid) as constraint,
    index.indisvalid as valid,
    pg_get_indexdef(stats.indexrelid) as definition,
    (
        select min(stats.schemaname || '.' || other_relation.relname)
        from pg_index as other
        inner join pg_class as other_relation on other_relation.oid = other.indexrelid
        where other.indrelid = index.indrelid and other.indexrelid <> index.indexrelid
            and other.indkey = index.indkey and other.indclass = index.indclass and other.indoption = index.indoption
            and pg_get_expr(other.indpred, other.indrelid) is not distinct from pg_get_expr(index.indpred, index.indrelid)
            and pg_get_expr(other.indexprs, other.indrelid)
            is not distinct from pg_get_expr(index.indexprs, index.indrelid)
            and other.indnkeyatts = index.indnkeyatts
    ) as same_as
from pg_stat_user_indexes as stats
inner join pg_index as index on index.indexrelid = stats.indexrelid
inner join pg_class as relation on relation.oid = stats.indexrelid
inner join pg_am as method on method.oid = relation.relam
order by pg_relation_size(stats.indexrelid) desc, stats.schemaname, stats.indexrelname;
