-- migrate:up

set lock_timeout = '2s';

-- Null where a version is missing: since when an order is in its state is not known then, and only that.
-- squawk-ignore ban-drop-not-null
alter table analytics.orders alter column entered_at drop not null;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
