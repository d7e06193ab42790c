"""How the database and the processes do, now and a minute at a time for days."""
