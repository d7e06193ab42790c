"""Where everything of one stack stands: the state directory's paths and the ports counted from one base.

Invariants: two layouts with different state directories and bases at least 100 apart share nothing, so their stacks
run side by side. The paths of unix sockets stay under 100 bytes however deep the state directory is.
Refuses: a state directory that holds something else or belongs to somebody else, ports outside 1024 to 65535.
"""

import hashlib
import os
import pwd
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

REPOSITORY = Path(__file__).resolve().parents[2]
MARKER_TEXT = "Larder keeps its local stack here. `just reset` deletes this directory.\n"
SOCKET_PATH_MAX = 90  # the kernel's limit is 107; supervisord binds to a longer name first and then renames
REPLICAS_MAX = 10
MEBIBYTE = 1024 * 1024

# Ports relative to the base. A service's replica i listens on its offset + i. The gateway's sockets come to a port of
# their own.
OFFSETS: Mapping[str, int] = {
    "nginx": 0,
    "postgres": 1,
    "nats": 2,
    "nats-monitoring": 3,
    "valkey": 4,
    "pooler": 5,
    "cache": 6,
    "nginx-inside": 7,
    "replicas": 8,
    "accounts": 10,
    "catalog": 20,
    "orders": 30,
    "gateway": 40,
    "analytics": 50,
    "sockets": 70,
    "relay": 60,
    "traces": 80,
}


@dataclass(frozen=True)
class Layout:
    """Paths and ports of one stack. `minimum_free_mib`: a start is refused when the disk has less than that free.
    `tls_in_front`: people reach the edge through something that ends their TLS, so it answers as https does."""

    state_dir: Path = REPOSITORY / ".larder"
    base_port: int = 8080
    minimum_free_mib: int = 1024
    tls_in_front: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "state_dir", Path(os.path.abspath(self.state_dir)))  # noqa: PTH100  keeps symlinks
        if not 1024 <= self.base_port <= 65535 - 100:
            raise StackError(f"The base port is {self.base_port}; it must lie between 1024 and {65535 - 100}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Layout":
        """LARDER_STATE, LARDER_PORT and LARDER_TLS_IN_FRONT, or the defaults."""
        port = environment.get("LARDER_PORT", "8080")
        if not port.isdecimal():
            raise StackError(f"LARDER_PORT is {port!r}; it must be a number.")
        state = environment.get("LARDER_STATE") or str(REPOSITORY / ".larder")
        tls = environment.get("LARDER_TLS_IN_FRONT", "0")
        if tls not in ("0", "1"):
            raise StackError(f"LARDER_TLS_IN_FRONT is {tls!r}; it must be 0 or 1.")
        return cls(Path(state).expanduser(), int(port), tls_in_front=tls == "1")

    def port(self, name: str, replica: int = 0) -> int:
        """The port of a server, or of one replica of a service."""
        return self.base_port + OFFSETS[name] + replica

    @property
    def key(self) -> str:
        """Short and unique to the state directory; names what has to stand outside of it."""
        return hashlib.sha256(str(self.state_dir).encode()).hexdigest()[:12]

    @property
    def marker(self) -> Path:
        return self.state_dir / "LARDER"

    @property
    def lock(self) -> Path:
        return self.state_dir / "lock"

    @property
    def credentials(self) -> Path:
        return self.state_dir / "credentials.json"

    @property
    def running(self) -> Path:
        return self.state_dir / "running.json"

    @property
    def logs(self) -> Path:
        return self.state_dir / "logs"

    @property
    def pids(self) -> Path:
        return self.state_dir / "run"

    @property
    def supervisor_config(self) -> Path:
        return self.state_dir / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.state_dir / "supervisord.pid"

    @property
    def supervisor_socket(self) -> Path:
        inside = self.state_dir / "supervisor.sock"
        if len(os.fsencode(inside)) <= SOCKET_PATH_MAX:
            return inside
        return Path("/tmp") / f"larder-{os.geteuid()}" / f"{self.key}.sock"  # noqa: S108  a 0700 directory of our own

    @property
    def traces(self) -> Path:
        """Where spans are kept, when they are collected."""
        return self.state_dir / "traces"

    def log(self, program: str) -> Path:
        return self.logs / f"{program}.log"

    def check_owner(self) -> None:
        """Refuses a directory that another user owns or that holds something that is not a stack's state."""
        if not self.state_dir.exists():
            return
        owner = self.state_dir.stat().st_uid
        if owner != os.geteuid():
            raise StackError(
                f"The state in {self.state_dir} belongs to {_user_name(owner)}; you are {_user_name(os.geteuid())}.",
                "Work as that user, or choose a directory of your own: LARDER_STATE=~/larder-state just up",
            )
        if not self.marker.exists() and any(self.state_dir.iterdir()):
            raise StackError(
                f"{self.state_dir} holds something that is not Larder's; it stays untouched.",
                "Choose another directory: LARDER_STATE=/path/to/state just up",
            )

    def create(self) -> None:
        """Makes the directories, private to this user. For root others may pass through: Postgres is run by one."""
        self.check_owner()
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            self.state_dir.mkdir(mode=mode, parents=True, exist_ok=True)
            self.state_dir.chmod(mode)
            if not self.marker.exists():
                self.marker.write_text(MARKER_TEXT)
            for folder in (self.logs, self.pids):
                folder.mkdir(mode=0o700, exist_ok=True)
            socket_dir = self.supervisor_socket.parent
            socket_dir.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StackError(f"Cannot write to {self.state_dir}: {error.strerror}.") from error
        if socket_dir.stat().st_uid != os.geteuid():
            raise StackError(f"{socket_dir} belongs to {_user_name(socket_dir.stat().st_uid)}; delete it first.")

    def check_disk(self, folder: Path | None = None) -> None:
        """Refuses to start on a disk that is (almost) full: a database without space is worse than none."""
        place = folder or self.state_dir
        free = shutil.disk_usage(place).free // MEBIBYTE
        if free < self.minimum_free_mib:
            raise StackError(
                f"The disk with {place} has {free:,} MiB free; the stack needs {self.minimum_free_mib:,} MiB.",
                "Free some space, or keep the state on another disk: LARDER_STATE=/path/to/state just up",
            )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
