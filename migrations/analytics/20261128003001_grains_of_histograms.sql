-- migrate:up

-- Reads the table without keeping anybody from it.
set lock_timeout = '2s';
alter table analytics.histograms validate constraint histograms_grain_check;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
