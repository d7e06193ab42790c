-- name: get_credentials
-- Who signs in with this address.
select id, email, name, role, restaurant_id, zone, active, tokens_valid_from, version, password_hash, created_at
from accounts.people
where email = $1;

-- name: get_credentials_by_id
-- The same, of somebody who is signed in, locked until they have changed.
select id, email, name, role, restaurant_id, zone, active, tokens_valid_from, version, password_hash, created_at
from accounts.people
where id = $1
for update;

-- name: get_person
-- One person.
select id, email, name, role, restaurant_id, zone, active, tokens_valid_from, version, created_at
from accounts.people
where id = $1;

-- name: list_people
-- The newest first, from below id $1.
select id, email, name, role, restaurant_id, zone, active, tokens_valid_from, version, created_at
from accounts.people
where id < $1
order by id desc
limit $2;

-- name: list_people_with_role
-- The same, of one role.
select id, email, name, role, restaurant_id, zone, active, tokens_valid_from, version, created_at
from accounts.people
where role = $3 and id < $1
order by id desc
limit $2;

-- name: list_people_named
-- The same, with $3 in their name or address, of role $4 or (with null) of any. Reads past those without: they are few.
select id, email, name, role, restaurant_id, zone, active, tokens_valid_from, version, created_at
from accounts.people
where
    id < $1 and (name ilike '%' || $3 || '%' or email ilike '%' || $3 || '%')
    and ($4::text is null or role = $4)
order by id desc
limit $2;

-- name: insert_person
-- A new person; nothing when the address is taken.
insert into accounts.people (
    id, email, name, role, restaurant_id, zone, password_hash, active, tokens_valid_from, version, created_at,
    updated_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $9, $9)
on conflict (email) do nothing
returning id;

-- name: update_person!
-- A person's next version.
update accounts.people
set
    name = $2, role = $3, restaurant_id = $4, zone = $5, active = $6, tokens_valid_from = $7, version = $8,
    updated_at = $9
where id = $1;

-- name: update_password!
-- A new password: tokens from before are void.
update accounts.people
set password_hash = $2, tokens_valid_from = $3, version = $4, updated_at = $5
where id = $1;

-- name: update_hash!
-- The same password under newer parameters: nothing that others know changes.
update accounts.people set password_hash = $2 where id = $1;

-- name: lock_active_admins
-- Every active admin, locked in one order, so that two of them cannot remove each other at once.
select id
from accounts.people
where role = 'admin' and active
order by id
for update;

-- name: get_restaurant
-- One restaurant.
select id, number, name, address, lat, lon, zone, credit_limit_cents, active, version, created_at
from accounts.restaurants
where id = $1;

-- name: get_restaurant_for_change
-- The same, locked.
select id, number, name, address, lat, lon, zone, credit_limit_cents, active, version, created_at
from accounts.restaurants
where id = $1
for update;

-- name: list_restaurants
-- In the order of their numbers, from above $1. There are hundreds.
select id, number, name, address, lat, lon, zone, credit_limit_cents, active, version, created_at
from accounts.restaurants
where number > $1
order by number
limit $2;

-- name: list_restaurants_named
-- The same, with $3 in their name.
select id, number, name, address, lat, lon, zone, credit_limit_cents, active, version, created_at
from accounts.restaurants
where number > $1 and name ilike '%' || $3 || '%'
order by number
limit $2;

-- name: insert_restaurant
-- A new restaurant; nothing when the number is taken.
insert into accounts.restaurants (
    id, number, name, address, lat, lon, zone, credit_limit_cents, active, version, created_at, updated_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)
on conflict (number) do nothing
returning id;

-- name: update_restaurant!
-- A restaurant's next version.
update accounts.restaurants
set
    name = $2, address = $3, lat = $4, lon = $5, zone = $6, credit_limit_cents = $7, active = $8, version = $9,
    updated_at = $10
where id = $1;

-- name: insert_session!
-- A session begins.
insert into accounts.sessions (id, person_id, secret_hash, created_at, expires_at)
values ($1, $2, $3, $4, $5);

-- name: get_session
-- A living session by its id, with its person.
select
    session.id as session_id, session.expires_at, person.id, person.name, person.role, person.restaurant_id,
    person.zone, person.tokens_valid_from
from accounts.sessions as session
inner join accounts.people as person on person.id = session.person_id
where session.id = $1 and session.revoked_at is null and session.expires_at > $2 and person.active;

-- name: get_present_session
-- The same of a person, as they are now and with the version that says so.
select
    session.expires_at, person.version as person_version, person.id as person_id, person.name, person.role,
    person.restaurant_id, person.zone
from accounts.sessions as session
inner join accounts.people as person on person.id = session.person_id
where session.id = $1 and session.revoked_at is null and session.expires_at > $2 and person.active and person.id = $3;

-- name: list_living_sessions
-- The living sessions of these people.
select id, person_id
from accounts.sessions
where person_id = any($1::uuid []) and revoked_at is null and expires_at > $2;

-- name: get_session_by_secret
-- The same, by what the browser holds.
select
    session.id as session_id, session.expires_at, person.id, person.name, person.role, person.restaurant_id,
    person.zone, person.tokens_valid_from
from accounts.sessions as session
inner join accounts.people as person on person.id = session.person_id
where session.secret_hash = $1 and session.revoked_at is null and session.expires_at > $2 and person.active;

-- name: revoke_session
-- Ends a session; nothing when it has ended before.
update accounts.sessions set revoked_at = $2 where id = $1 and revoked_at is null
returning person_id;

-- name: revoke_sessions
-- Ends all of a person's sessions but one (or none, with null). Returns those that were alive.
with ended as (
    update accounts.sessions set revoked_at = $2
    where person_id = $1 and revoked_at is null and id is distinct from $3::uuid
    returning id, expires_at
)

select id
from ended
where expires_at > $2;

-- name: forget_sessions
-- What ended a day ago and more, but for what somebody else is forgetting at this moment.
delete from accounts.sessions
where id in (
    select id from accounts.sessions
    where expires_at < $1
    order by expires_at
    limit 1000
    for update skip locked
);

-- name: insert_events
-- Into the outbox, in this order.
insert into accounts.outbox (event_id, key, subject, payload, ttl_seconds)
select event_id, key, subject, payload, ttl_seconds
from unnest($1::uuid [], $2::uuid [], $3::text [], $4::bytea [], $5::integer []) with ordinality
as event (event_id, key, subject, payload, ttl_seconds, place)
order by place;

-- name: import_restaurants
-- Those whose number is new. Returns what was made.
insert into accounts.restaurants (
    id, number, name, address, lat, lon, zone, credit_limit_cents, active, version, created_at, updated_at
)
select id, number, name, address, lat, lon, zone, credit_limit_cents, true, 1, $9, $9
from unnest(
    $1::uuid [], $2::integer [], $3::text [], $4::text [], $5::float8 [], $6::float8 [], $7::integer [], $8::bigint []
) as new (id, number, name, address, lat, lon, zone, credit_limit_cents)
on conflict (number) do nothing
returning id;

-- name: list_restaurant_numbers
-- The ids by number.
select number, id
from accounts.restaurants
where number = any($1::integer []);

-- name: import_people
-- Those whose address is new, all with one password. Returns what was made.
insert into accounts.people (
    id, email, name, role, restaurant_id, zone, password_hash, active, tokens_valid_from, version, created_at,
    updated_at
)
select id, email, name, role, restaurant_id, zone, $7, true, $8, 1, $8, $8
from unnest($1::uuid [], $2::text [], $3::text [], $4::text [], $5::uuid [], $6::integer [])
as new (id, email, name, role, restaurant_id, zone)
on conflict (email) do nothing
returning id;
