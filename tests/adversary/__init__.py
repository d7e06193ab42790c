"""Everything that goes wrong at once, and a judge.

Orders move, people change, sockets break, servers die, and at the end every client must have been told exactly what was
its own. `world` are the people and how they ask, `writers` move orders and people, `listeners` are the clients on
sockets, `chaos` kills, `judge` compares with Postgres and the stream. `just adversary 30m` is the long form.
"""
