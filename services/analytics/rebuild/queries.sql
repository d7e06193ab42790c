-- What a rebuild asks besides what projecting does.

-- name: hold_rebuild
-- Whether no other rebuild runs; none begins until the transaction ends.
select pg_try_advisory_xact_lock(hashtext('analytics.rebuild')) as held;

-- name: begin_rebuild
select analytics.begin_rebuild($1);

-- name: analyze_rebuild
select analytics.analyze_rebuild();

-- name: hold_projection!
-- Nobody moves the live position until the transaction ends; it can be read. The table and not its row: who waits for a row
-- would keep us from swapping the table.
lock table analytics.projection in exclusive mode;

-- name: finish_rebuild
select analytics.finish_rebuild();
