-- What analytics asks of its tables. A bucket is (grain, at), a subject whose numbers they are: the migration has the
-- words. Several periods are summed at once: `nth` says which, and spans (grain, since, until) what it is made of.

-- name: get_projection
-- How far the stream is folded in.
select epoch, seq, as_of, zone from analytics.projection;

-- name: get_restaurant
-- Whether there is one.
select id from analytics.restaurants where id = $1;

-- name: sum_totals
-- What orders of a subject come to, span by span: each is read from the index, and nothing else.
select
    span.nth, total.orders, total.rejected, total.cancelled, total.out_for_delivery, total.delivered, total.on_time,
    total.failed, total.revenue_cents
from unnest($2::integer [], $3::text [], $4::timestamptz [], $5::timestamptz []) as span (nth, grain, since, until)
cross join lateral (
    select
        sum(orders)::bigint as orders,
        sum(rejected)::bigint as rejected,
        sum(cancelled)::bigint as cancelled,
        sum(out_for_delivery)::bigint as out_for_delivery,
        sum(delivered)::bigint as delivered,
        sum(on_time)::bigint as on_time,
        sum(failed)::bigint as failed,
        sum(revenue_cents)::bigint as revenue_cents
    from analytics.totals
    where subject = $1 and grain = span.grain and at >= span.since and at < span.until
) as total
where total.orders > 0;

-- name: sum_histograms
-- How many of something fell into which bucket, span by span, by what was measured.
select span.nth, wanted.measure, histogram.bucket, histogram.amount
from unnest($2::integer [], $3::text [], $4::timestamptz [], $5::timestamptz []) as span (nth, grain, since, until)
cross join unnest($6::text []) as wanted (measure)
cross join lateral (
    select bucket, sum(amount)::bigint as amount
    from analytics.histograms
    where
        subject = $1 and grain = span.grain and measure = wanted.measure and at >= span.since and at < span.until
    group by bucket
) as histogram;
