-- What loading baskets asks besides what the services' own queries do.

-- name: list_customers
-- Who orders, by the number of the store: the restaurant, and a person of it.
select distinct on (restaurant.number) restaurant.number as store, restaurant.id as restaurant_id, person.id as person_id
from accounts.restaurants as restaurant
inner join accounts.people as person on person.restaurant_id = restaurant.id
order by restaurant.number, person.id;

-- name: list_products
-- What can be ordered, by sku.
select sku, id, price_cents from catalog.products where active;

-- name: list_played
-- Baskets that were ordered before.
select key from orders.idempotency_keys where status = 201;

-- name: take_numbers
-- So many ($1) numbers of orders.
select nextval('orders.order_number') as number from generate_series(1, $1::integer);

-- name: get_counted
-- Orders that analytics has counted.
select coalesce(sum(orders), 0)::bigint as orders from analytics.totals where subject = $1 and grain = 'week';

-- name: list_days
-- What analytics says of each day (or hour or week: $2) of a subject.
select at, orders, revenue_cents, lines from analytics.totals where subject = $1 and grain = $2 and orders > 0;

-- name: list_stores
-- Of each store, by the days ($1: the grain).
select restaurant.number, sum(total.orders)::bigint as orders, sum(total.revenue_cents)::bigint as revenue_cents
from analytics.totals as total
inner join analytics.restaurants as restaurant on restaurant.id = total.subject
where total.grain = $1
group by restaurant.number;

-- name: list_categories
select category, sum(orders)::bigint as orders, sum(revenue_cents)::bigint as revenue_cents
from analytics.category_sales
where grain = $1
group by category;

-- name: list_top_products
-- The $3 that brought most, of a subject ($1).
select product.sku, sum(sales.quantity)::bigint as quantity, sum(sales.revenue_cents)::bigint as revenue_cents
from analytics.product_sales as sales
inner join analytics.products as product on product.id = sales.product_id
where sales.subject = $1 and sales.grain = $2
group by product.sku
order by revenue_cents desc, product.sku collate "C"
limit $3;

-- name: list_sizes
-- How many baskets are in each bucket of a measure ($2).
select bucket, sum(amount)::bigint as orders
from analytics.histograms
where subject = $1 and grain = 'day' and measure = $2
group by bucket;
