-- What is kept of alerts: who judges them, and what fired.

-- name: claim_judge
-- $1 judges for $2 seconds, unless somebody else does still.
update analytics.alerts_judge
set holder = $1, held_until = clock_timestamp() + make_interval(secs => $2)
where holder = $1 or held_until < clock_timestamp()
returning holder;

-- name: note_judged
-- $1 has judged, at $2; unless somebody else does meanwhile.
update analytics.alerts_judge set judged_at = $2 where holder = $1 returning holder;

-- name: release_judge
-- $1 judges no more: the next one need not wait.
update analytics.alerts_judge set held_until = '-infinity' where holder = $1 returning holder;

-- name: get_judged_at
-- When alerts were judged last; null before the first time.
select judged_at from analytics.alerts_judge;

-- name: insert_alerts
-- What began to fire.
insert into analytics.alerts (id, name, labels, severity, summary, action, runbook, value, since)
select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::timestamptz[]
)
returning id;

-- name: end_alerts
-- These fire no more.
update analytics.alerts set until = greatest($2, since) where id = any ($1::uuid[]) and until is null returning id;

-- name: forget_alerts
-- What was over before $1.
delete from analytics.alerts where until < $1 returning id;

-- name: list_firing
-- What fires now, the newest first.
select id, name, labels, severity, summary, action, runbook, value, since
from analytics.alerts where until is null order by id desc;

-- name: list_ended
-- What was over by now, the newest first, below $1.
select id, name, labels, severity, summary, action, runbook, value, since, until
from analytics.alerts where until is not null and id < $1 order by id desc limit $2;
