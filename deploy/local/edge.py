"""Nginx's configuration for this stack: the template of deploy/nginx with our addresses in it.

Owns the rendered file beneath the state directory, with the copy of the browser client that it serves, and Nginx's
access log, which Nginx writes itself: through supervisord's pipe each line would cost the machine more than serving the
request.
"""

import os
import resource
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from deploy.local import client
from deploy.local.addresses import HOST
from deploy.local.layout import MEBIBYTE, REPOSITORY, Layout
from deploy.local.processes import children
from deploy.local.templates import render, write_if_changed

TEMPLATE = REPOSITORY / "deploy" / "nginx" / "nginx.conf"
UPSTREAMS: Mapping[str, str] = {
    **{service: service for service in ("accounts", "catalog", "orders", "analytics", "gateway")},
    "sockets": "gateway",
}
"""An upstream, named as its port in the layout is, and whose replicas listen there."""

KEEPALIVE_MIN_TIMEOUT_S = 2
ACCESS_LOG_MAX = 64 * MEBIBYTE


def home(layout: Layout) -> Path:
    return layout.state_dir / "nginx"


def command(layout: Layout, binary: Path) -> tuple[str, ...]:
    return (str(binary), "-p", f"{home(layout)}/", "-c", "nginx.conf", "-e", "stderr")


def write(layout: Layout, replicas: Mapping[str, int]) -> bool:
    """Renders the configuration; true when it changed, so that a running Nginx has to reload it."""
    (home(layout) / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    placed = client.place(home(layout))
    values = {
        # Root's workers would become `nobody`, who may not be able to reach the state directory.
        "user": "user root;" if os.geteuid() == 0 else "",
        "keepalive_min_timeout": f"keepalive_min_timeout {KEEPALIVE_MIN_TIMEOUT_S}s;",
        "connections": str(min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2)),
        "listen": f"{HOST}:{layout.port('nginx')}",
        "inside": f"{HOST}:{layout.port('nginx-inside')}",
        "cache": str(home(layout) / "cache"),
        "cache_size": "256m",
        "outside": f'map "" $outside {{ default {"https" if layout.tls_in_front else "$scheme"}; }}',
        "html": str(placed.site),
        "assets": str(placed.assets),
        "precompressed": "",  # this Nginx has no gzip_static: it compresses as it goes
        # The text and not an include: when it changes, so does this file, and a running Nginx is told.
        "policy": placed.policy,
        "access_log": str(access_log(layout)),
        "upstreams": "\n    ".join(
            _upstream(layout, name, replicas.get(service, 0)) for name, service in UPSTREAMS.items()
        ),
        **{name: name for name in UPSTREAMS},
    }
    return write_if_changed(home(layout) / "nginx.conf", render(TEMPLATE, values))


def reloaded(master: int, old_workers: Collection[int], patience: float = 5) -> bool:
    """Waits until the workers of before SIGHUP take no more requests: they are gone or say that they shut down."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        workers = children(master)
        taking = {pid for pid, title in workers.items() if "shutting down" not in title}
        if taking and not taking & set(old_workers):
            return True
        time.sleep(0.01)
    return False


def drained(master: int) -> bool:
    """Waits until the workers of before a reload have let their clients go; false when sockets still hold them."""
    deadline = time.monotonic() + KEEPALIVE_MIN_TIMEOUT_S + 1
    while any("shutting down" in title for title in children(master).values()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def access_log(layout: Layout) -> Path:
    return layout.log("access")


def rotate_access_log(layout: Layout) -> bool:
    """Sets a large access log aside, keeping one. True when Nginx has to be told to open a new one (SIGUSR1)."""
    log = access_log(layout)
    if not log.exists() or log.stat().st_size < ACCESS_LOG_MAX:
        return False
    log.replace(log.with_suffix(".log.1"))
    return True


def _upstream(layout: Layout, name: str, replicas: int) -> str:
    """A replica that refuses a connection is left out for a second, but for sockets: Nginx takes it back for good only
    when a request to it has ended well, and a socket does not end. Until then it lets one a second through."""
    lasting = name == "sockets"
    # least_conn evens them out after a restart, where taking turns would not.
    balance = "least_conn; " if lasting else ""
    servers = _servers(layout, name, replicas, "max_fails=0" if lasting else "max_fails=1 fail_timeout=1s")
    return f"upstream {name} {{ zone {name} 64k; {balance}{servers} keepalive 64; keepalive_timeout 4s; }}"


def _servers(layout: Layout, name: str, replicas: int, failing: str) -> str:
    if replicas == 0:  # Nginx wants a list; a server marked down makes it answer 503
        return f"server {HOST}:{layout.port(name)} down;"
    return " ".join(f"server {HOST}:{layout.port(name, index)} {failing};" for index in range(replicas))
