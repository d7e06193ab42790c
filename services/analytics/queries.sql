-- What analytics asks of its tables. A bucket is (grain, at), a subject whose numbers they are: the migration has the words.

-- name: get_projection
-- How far the stream is folded in.
select epoch, seq, as_of, zone from analytics.projection;
