-- migrate:up

set lock_timeout = '2s';

-- Of the delivered those that were it within services/analytics/periods.py's DELIVERY_PROMISE of created_at.
alter table analytics.totals add column on_time integer not null default 0;

-- The times of deliveries also by the hour, of the business and of restaurants: days of any zone are cut from hours.
-- squawk-ignore ban-drop-constraint
alter table analytics.histograms drop constraint histograms_grain_check;
alter table analytics.histograms add constraint histograms_grain_check
check (grain in ('day', 'week') or (grain = 'hour' and measure = 'delivery')) not valid;

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
