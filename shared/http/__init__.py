"""HTTP as every service speaks it: requests with an id, an identity and a limit; answers that are JSON or a problem.

`Front` stands before a service's routes; `problems` is the one shape of an error; `server` listens.
"""
