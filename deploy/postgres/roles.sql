-- The database, its owner and its roles. Run by psql as a superuser before the migrations, as often as you like:
-- every statement may find its work done. Postgres 15 to 18.
--
-- Passwords come from the environment (psql's \getenv), so they stand on no command line: LARDER_OWNER_PASSWORD,
-- ACCOUNTS_SERVICE_PASSWORD, CATALOG_SERVICE_PASSWORD, ORDERS_SERVICE_PASSWORD, RELAY_SERVICE_PASSWORD.
--
--   larder_owner     owns the database and, through the migrations, every schema and table. No superuser.
--   <ctx>_service    what a service logs in as: owns nothing, bypasses nothing, inherits nothing.
--   relay_service    what the outbox relay logs in as.
--   restaurant, driver, admin, system
--                    the application's roles, for row-level security. Nobody logs in as one; orders_service takes one
--                    on with SET LOCAL ROLE, and without it sees nothing.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password LARDER_OWNER_PASSWORD
\getenv accounts_password ACCOUNTS_SERVICE_PASSWORD
\getenv catalog_password CATALOG_SERVICE_PASSWORD
\getenv orders_password ORDERS_SERVICE_PASSWORD
\getenv relay_password RELAY_SERVICE_PASSWORD

-- The statements below carry passwords: keep them out of the log and out of the statistics.
set log_min_duration_statement = -1;
set log_min_error_statement = panic;
set log_statement = none;
set pg_stat_statements.track = none;
set client_min_messages = warning;

select format('create role %I', name)
from unnest(array['larder_owner', 'accounts_service', 'catalog_service', 'orders_service', 'relay_service',
                  'restaurant', 'driver', 'admin', 'system']) as name
where not exists (select from pg_roles where rolname = name)
\gexec

select format('alter role %I nologin noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls', name)
from unnest(array['restaurant', 'driver', 'admin', 'system']) as name
\gexec

-- NOINHERIT before the grant: from Postgres 16 on a membership remembers how its member was when it was granted.
alter role larder_owner login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'owner_password';
alter role accounts_service login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'accounts_password';
alter role catalog_service login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'catalog_password';
alter role orders_service login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'orders_password';
alter role relay_service login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'relay_password';

grant restaurant, driver, admin, system to orders_service;

-- A request that waits on a lock or runs away gives up before its client does: 503 after 2 s, never a pile of backends.
-- The owner has no such limits; each migration sets its own lock_timeout.
select format('alter role %I set %s', name, setting)
from unnest(array['accounts_service', 'catalog_service', 'orders_service', 'relay_service']) as name,
     unnest(array['lock_timeout = ''2s''', 'statement_timeout = ''5s''',
                  'idle_in_transaction_session_timeout = ''10s''']) as setting
\gexec

select 'create database larder owner larder_owner'
where not exists (select from pg_database where datname = 'larder')
\gexec
alter database larder owner to larder_owner;

-- Only the roles named here get in. The owner may create schemas and trusted extensions (pg_trgm): it owns the database.
revoke all on database larder from public;
grant connect on database larder to accounts_service, catalog_service, orders_service, relay_service;

\connect larder
set client_min_messages = warning;
-- Needs a superuser, so it cannot be in a migration.
create extension if not exists pg_stat_statements;
revoke create on schema public from public;
