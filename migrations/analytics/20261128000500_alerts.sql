-- migrate:up

set lock_timeout = '2s';

-- What has fired. One of a name and labels fires at a time; ids are in the order of time.
create table analytics.alerts (
    id uuid primary key,
    name text not null,
    -- A JSON object of texts, its names sorted.
    labels text not null,
    severity text not null check (severity in ('page', 'ticket')),
    -- As it was said when it began: rules and their words change.
    summary text not null,
    action text not null,
    runbook text not null,
    value double precision not null,
    since timestamptz not null,
    until timestamptz check (until >= since)
);
create unique index alerts_one_fires on analytics.alerts (name, labels) where until is null;

-- Which replica judges, and when it did last: one row.
create table analytics.alerts_judge (
    one_row boolean primary key default true check (one_row),
    holder text not null,
    held_until timestamptz not null,
    judged_at timestamptz
) with (fillfactor = 50);
insert into analytics.alerts_judge (holder, held_until) values ('', '-infinity');

grant select, insert, update, delete on analytics.alerts to analytics_service;
grant select, update on analytics.alerts_judge to analytics_service;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
