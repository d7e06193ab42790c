-- Who and what comes first, from the roll-ups. Spans are as in queries.sql, of one period; a limit of null is none.

-- name: list_top_products
-- By revenue, or by pieces ($5), what was sold to a subject; names are null until the catalogue has told them.
select
    sold.product_id, product.sku, product.name, product.category, sold.orders, sold.quantity, sold.revenue_cents
from (
    select
        sales.product_id,
        sum(sales.orders)::bigint as orders,
        sum(sales.quantity)::bigint as quantity,
        sum(sales.revenue_cents)::bigint as revenue_cents
    from unnest($2::text [], $3::timestamptz [], $4::timestamptz []) as span (grain, since, until)
    inner join analytics.product_sales as sales
        on
            sales.subject = $1 and sales.grain = span.grain
            and sales.at >= span.since and sales.at < span.until
    group by sales.product_id
    having sum(sales.orders) > 0
    order by case when $5 then sum(sales.quantity) else sum(sales.revenue_cents) end desc, sales.product_id
    limit $6
) as sold
left join analytics.products as product on product.id = sold.product_id
order by case when $5 then sold.quantity else sold.revenue_cents end desc, sold.product_id;

-- name: list_top_restaurants
-- By revenue, those that ordered.
select
    restaurant.id as restaurant_id, restaurant.number, restaurant.name, totals.orders, totals.delivered, totals.cancelled,
    totals.rejected, totals.revenue_cents
from analytics.restaurants as restaurant
cross join lateral (
    select
        sum(total.orders)::bigint as orders,
        sum(total.delivered)::bigint as delivered,
        sum(total.cancelled)::bigint as cancelled,
        sum(total.rejected)::bigint as rejected,
        sum(total.revenue_cents)::bigint as revenue_cents
    from unnest($1::text [], $2::timestamptz [], $3::timestamptz []) as span (grain, since, until)
    inner join analytics.totals as total
        on
            total.subject = restaurant.id and total.grain = span.grain
            and total.at >= span.since and total.at < span.until
) as totals
where totals.orders > 0
order by totals.revenue_cents desc, restaurant.id
limit $4;

-- name: list_top_categories
-- By revenue, what the whole business sold; empty is what the catalogue does not know.
select
    sales.category,
    sum(sales.orders)::bigint as orders,
    sum(sales.quantity)::bigint as quantity,
    sum(sales.revenue_cents)::bigint as revenue_cents
from unnest($1::text [], $2::timestamptz [], $3::timestamptz []) as span (grain, since, until)
inner join analytics.category_sales as sales
    on sales.grain = span.grain and sales.at >= span.since and sales.at < span.until
group by sales.category
having sum(sales.orders) > 0
order by sum(sales.revenue_cents) desc, sales.category
limit $4;

-- name: list_top_drivers
-- By deliveries, those who had orders.
select
    driver.id as driver_id, driver.name, totals.orders, totals.delivered, totals.on_time, totals.failed,
    totals.revenue_cents
from analytics.drivers as driver
cross join lateral (
    select
        sum(total.orders)::bigint as orders,
        sum(total.delivered)::bigint as delivered,
        sum(total.on_time)::bigint as on_time,
        sum(total.failed)::bigint as failed,
        sum(total.revenue_cents)::bigint as revenue_cents
    from unnest($1::text [], $2::timestamptz [], $3::timestamptz []) as span (grain, since, until)
    inner join analytics.totals as total
        on
            total.subject = driver.id and total.grain = span.grain
            and total.at >= span.since and total.at < span.until
) as totals
where totals.orders > 0
order by totals.delivered desc, driver.id
limit $4;

-- name: sum_times_of_drivers
-- How long deliveries of these took, by day: a histogram of each.
select histogram.subject, histogram.bucket, sum(histogram.amount)::bigint as amount
from unnest($1::uuid []) as driver (id)
cross join unnest($2::text [], $3::timestamptz [], $4::timestamptz []) as span (grain, since, until)
inner join analytics.histograms as histogram
    on
        histogram.subject = driver.id and histogram.grain = span.grain and histogram.measure = 'delivery'
        and histogram.at >= span.since and histogram.at < span.until
group by histogram.subject, histogram.bucket;

-- name: list_reasons
-- Why orders of a subject were rejected and cancelled, the most frequent first. Kept by days alone.
select reasons.status, reasons.reason, sum(reasons.orders)::bigint as orders
from analytics.reasons as reasons
where reasons.subject = $1 and reasons.at >= $2 and reasons.at < $3
group by reasons.status, reasons.reason
having sum(reasons.orders) > 0
order by sum(reasons.orders) desc, reasons.status, reasons.reason
limit $4;
