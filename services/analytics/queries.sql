-- What analytics asks of its tables. A bucket is (grain, at), a subject whose numbers they are: the migration has the
-- words. Several periods are summed at once: `nth` says which, and spans (grain, since, until) what it is made of.

-- name: get_projection
-- How far the stream is folded in.
select epoch, seq, as_of, zone from analytics.projection;

-- name: get_restaurant
-- Whether there is one.
select id from analytics.restaurants where id = $1;

-- name: sum_totals
-- What orders of a subject come to, in each period in which there were any.
select
    span.nth,
    sum(totals.orders)::bigint as orders,
    sum(totals.rejected)::bigint as rejected,
    sum(totals.cancelled)::bigint as cancelled,
    sum(totals.out_for_delivery)::bigint as out_for_delivery,
    sum(totals.delivered)::bigint as delivered,
    sum(totals.on_time)::bigint as on_time,
    sum(totals.failed)::bigint as failed,
    sum(totals.revenue_cents)::bigint as revenue_cents
from unnest($2::integer [], $3::text [], $4::timestamptz [], $5::timestamptz []) as span (nth, grain, since, until)
inner join analytics.totals as totals
    on
        totals.subject = $1 and totals.grain = span.grain
        and totals.at >= span.since and totals.at < span.until
group by span.nth;

-- name: sum_histograms
-- How many of something fell into which bucket, in each period, by what was measured.
select span.nth, wanted.measure, histogram.bucket, sum(histogram.amount)::bigint as amount
from unnest($2::integer [], $3::text [], $4::timestamptz [], $5::timestamptz []) as span (nth, grain, since, until)
cross join unnest($6::text []) as wanted (measure)
inner join analytics.histograms as histogram
    on
        histogram.subject = $1 and histogram.grain = span.grain and histogram.measure = wanted.measure
        and histogram.at >= span.since and histogram.at < span.until
group by span.nth, wanted.measure, histogram.bucket;
