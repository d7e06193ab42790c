"""Ports that somebody else holds: said by name before anything is started."""

from collections.abc import Sequence

from deploy.local import processes
from deploy.local.errors import StackError
from deploy.local.programs import Program


def check_ports(programs: Sequence[Program], base_port: int) -> None:
    """Raises StackError that names who holds a port of a program, and what to do."""
    taken = [(port, program) for program in programs for port in program.ports if not processes.port_is_free(port)]
    if not taken:
        return
    lines, kills = [], []
    for port, program in taken:
        holder = processes.holder_of(port)
        who = f"pid {holder.pid}: {holder.command}" if holder.pid else "a process that the system does not name"
        lines.append(f"Port {port} ({program.name}) is taken by {who}.")
        if holder.pid:
            kills.append(str(holder.pid))
    stop = f"Stop it (kill {' '.join(sorted(set(kills)))}), or take" if kills else "Take"
    raise StackError("\n".join(lines), f"{stop} other ports: LARDER_PORT={_other_base(base_port)} just up")


def _other_base(base_port: int) -> int:
    for base in range(base_port + 100, 60000, 100):
        if all(processes.port_is_free(base + offset) for offset in range(90)):
            return base
    return base_port + 100
