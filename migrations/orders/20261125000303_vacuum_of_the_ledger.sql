-- migrate:up

set lock_timeout = '2s';

-- A statement is read from the index alone where vacuum has been: as often as the lists of orders.
alter table orders.ledger_entries set (autovacuum_vacuum_insert_scale_factor = 0.02);

-- migrate:down

do $$ begin
    raise exception 'Migrations go forward only: write the next one.';
end $$;
