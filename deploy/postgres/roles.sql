-- The database, its owner and its roles. Run by psql as a superuser before the migrations, as often as you like:
-- every statement may find its work done. Postgres 15 to 18.
--
-- Passwords come from the environment (psql's \getenv), so they stand on no command line: LARDER_OWNER_PASSWORD,
-- ACCOUNTS_SERVICE_PASSWORD, CATALOG_SERVICE_PASSWORD, ORDERS_SERVICE_PASSWORD, ANALYTICS_SERVICE_PASSWORD,
-- RELAY_SERVICE_PASSWORD, POOLER_SERVICE_PASSWORD, REPLICA_SERVICE_PASSWORD.
--
--   larder_owner     owns the database and, through the migrations, every schema and table. No superuser.
--   <ctx>_service    what a service logs in as: owns nothing, bypasses nothing, inherits nothing.
--   relay_service    what the outbox relay logs in as.
--   pooler_service   what PgBouncer logs in as, to look up the secrets of those above. It can do nothing else.
--   replica_service  what a replica logs in as, to stream. It sees no database of its own.
--   restaurant, driver, admin, system
--                    the application's roles, for row-level security. Nobody logs in as one; orders_service takes one
--                    on with SET LOCAL ROLE, and without it sees nothing.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password LARDER_OWNER_PASSWORD
\getenv accounts_password ACCOUNTS_SERVICE_PASSWORD
\getenv catalog_password CATALOG_SERVICE_PASSWORD
\getenv orders_password ORDERS_SERVICE_PASSWORD
\getenv analytics_password ANALYTICS_SERVICE_PASSWORD
\getenv relay_password RELAY_SERVICE_PASSWORD
\getenv pooler_password POOLER_SERVICE_PASSWORD
\getenv replica_password REPLICA_SERVICE_PASSWORD

set client_min_messages = warning;

select format('create role %I', name)
from unnest(array['larder_owner', 'accounts_service', 'catalog_service', 'orders_service', 'analytics_service',
                  'relay_service', 'pooler_service', 'replica_service', 'restaurant', 'driver', 'admin', 'system']) as name
where not exists (select from pg_roles where rolname = name)
\gexec

select format('alter role %I nologin noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls', name)
from unnest(array['restaurant', 'driver', 'admin', 'system']) as name
\gexec

-- NOINHERIT before the grant: from Postgres 16 on a membership remembers how its member was when it was granted.
select format('alter role %I login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls', name)
from unnest(array['larder_owner', 'accounts_service', 'catalog_service', 'orders_service', 'analytics_service',
                  'relay_service', 'pooler_service']) as name
\gexec
alter role replica_service login noinherit nosuperuser nocreatedb nocreaterole replication nobypassrls;

grant restaurant, driver, admin, system to orders_service;

-- Analytics looks at how the database does, and takes this role on for it with SET LOCAL ROLE: what all roles' statements
-- cost (pg_stat_statements, which holds no parameters), who waits for whom, how far replicas are. Not pg_monitor, which may
-- also read settings, files of the log and WAL, and whole tables by pgstattuple. Nobody's rows: it has no right to any.
grant pg_read_all_stats to analytics_service;

-- A request that waits on a lock or runs away gives up before its client does: 503 after 2 s, never a pile of backends.
-- The owner has no such limits; each migration sets its own lock_timeout.
select format('alter role %I set %s', name, setting)
from unnest(array['accounts_service', 'catalog_service', 'orders_service', 'analytics_service',
                  'relay_service']) as name,
     unnest(array['lock_timeout = ''2s''', 'statement_timeout = ''5s''',
                  'idle_in_transaction_session_timeout = ''10s''']) as setting
\gexec
-- A prepared statement of orders is planned once. Left to itself Postgres plans a page anew each time once the table is
-- large (0.25 ms, more than reading it), to arrive at the same plan: tests hold it for any values.
alter role orders_service set plan_cache_mode = force_generic_plan;
-- The relay's look at an outbox, planned while that is empty, would read the whole table for ever: 2 ms with 3,000 events in
-- it. Planned each time (0.15 ms) it takes the index of what waits.
alter role relay_service set plan_cache_mode = force_custom_plan;
-- And of catalog: planning a search takes longer than searching.
alter role catalog_service set plan_cache_mode = force_generic_plan;

select 'create database larder owner larder_owner'
where not exists (select from pg_database where datname = 'larder')
\gexec
alter database larder owner to larder_owner;

-- Only the roles named here get in. The owner may create schemas and trusted extensions (pg_trgm): it owns the database.
revoke all on database larder from public;
grant connect on database larder
    to accounts_service, catalog_service, orders_service, analytics_service, relay_service, pooler_service;

\connect larder
set client_min_messages = warning;
-- Needs a superuser, so it cannot be in a migration.
create extension if not exists pg_stat_statements;
revoke create on schema public from public;

-- What PgBouncer asks: the SCRAM secret of a service's role, which proves a password and does not hold it. Nobody
-- else's: superuser, owner and the application's roles cannot come through the pooler.
create schema if not exists pooler;
grant usage on schema pooler to pooler_service;
create or replace function pooler.secret_of(wanted text) returns table (name text, secret text)
    language sql stable security definer set search_path = pg_catalog
    begin atomic
        select rolname::text, rolpassword
        from pg_authid
        where rolname = wanted
          and rolname in (
              'accounts_service', 'catalog_service', 'orders_service', 'analytics_service', 'relay_service'
          )
          and rolcanlogin and (rolvaliduntil is null or rolvaliduntil > now());
    end;
revoke all on function pooler.secret_of(text) from public;
grant execute on function pooler.secret_of(text) to pooler_service;

-- How wide columns are, for the estimate of what tables and indexes should take. The planner's statistics say it beside the
-- values that are most common, and those are people's data: this gives out no value.
create schema if not exists planner;
grant usage on schema planner to pg_read_all_stats;
create or replace function planner.widths()
    returns table (relation oid, attribute smallint, bytes integer, nulls real)
    language sql stable security definer set search_path = pg_catalog
    begin atomic
        select starelid, staattnum, stawidth, stanullfrac
        from pg_statistic join pg_class on pg_class.oid = starelid
        where starelid >= 16384 and not stainherit;
    end;
revoke all on function planner.widths() from public;
grant execute on function planner.widths() to pg_read_all_stats;

-- The statements below carry passwords: keep them out of the log and out of the statistics.
set log_min_duration_statement = -1;
set log_min_error_statement = panic;
set log_statement = none;
set pg_stat_statements.track = none;

-- A password is set only when it is another. Set anew, it would get another salt, and the keys that PgBouncer learned
-- from its clients would open no further connection until each has signed in again. The seal binds the password to
-- the secret that was made of it; who may read it, the superuser, may read the secret as well.
create table if not exists pooler.seals (role name primary key, seal bytea not null);
create temporary table given (role name, password text);
insert into given values
    ('larder_owner', :'owner_password'), ('accounts_service', :'accounts_password'),
    ('catalog_service', :'catalog_password'), ('orders_service', :'orders_password'),
    ('analytics_service', :'analytics_password'), ('relay_service', :'relay_password'),
    ('pooler_service', :'pooler_password'), ('replica_service', :'replica_password');
create temporary view sealed as
    select role, password, sha256(convert_to(rolpassword || password, 'UTF8')) as seal
    from given join pg_authid on rolname = role;

select format('alter role %I password %L', role, password)
from sealed
where not exists (select from pooler.seals where seals.role = sealed.role and seals.seal = sealed.seal)
\gexec
insert into pooler.seals select role, seal from sealed
on conflict (role) do update set seal = excluded.seal where seals.seal <> excluded.seal;
