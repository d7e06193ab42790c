"""The stack without Docker: real Postgres, NATS, Valkey and Nginx from wheels, and the services, as one ordinary user.

Owns: everything beneath the state directory, and the processes it started. It never touches another process, another
directory or a system service. `python -m deploy.local --help` is the command line; tests use `Stack(Layout(...))`.
"""

from deploy.local.addresses import Addresses
from deploy.local.errors import PartError, StackError
from deploy.local.layout import Layout
from deploy.local.programs import SERVICES, Service, Wiring
from deploy.local.stack import Stack, Standing

__all__ = ["SERVICES", "Addresses", "Layout", "PartError", "Service", "Stack", "StackError", "Standing", "Wiring"]
