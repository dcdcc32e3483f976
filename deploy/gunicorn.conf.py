"""Gunicorn's settings, for those who want it: `gunicorn -c deploy/gunicorn.conf.py wsgi:app`.

The house serves with granian, which answered 1.2 to 1.4 times as many pages as gunicorn's threads at half
the p95, on 2 cores with 16 clients. Take gunicorn where a platform asks for it or its tools are at hand.

Pages are work for the CPU (templates, rows), and Python runs one thread of a process at a time: so one process
for each core. A second thread fills the waits for Postgres and Redis; more would only queue inside Python. A single
core gets two processes all the same, so that the replacement of one is not a gap.
"""

from __future__ import annotations

import os

MOST_WORKERS = 64  # WEB_WORKERS allows no more; a larger machine is better divided
MB_OF_A_WORKER = 160  # measured: 136 fresh, 153 after pages (bench/README.md)


def usable_cores() -> int:
    """Return the cores this process may use; a container's CPU quota counts, where the kernel tells it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:  # noqa: PTH123  the file of this one line
            quota, period = file.read().split()
        return cores if quota == "max" else max(1, min(cores, -(-int(quota) // int(period))))
    except (OSError, ValueError):
        return cores


def sizes(cores: int) -> tuple[int, int]:
    """Return (workers, threads of each) for a machine with so many cores that does nothing else."""
    return max(2, min(cores, MOST_WORKERS)), 2


def database_connections(cores: int) -> int:
    """Return how many connections the web processes of such a machine open at most: one a thread."""
    workers, threads = sizes(cores)
    return workers * threads


def memory_mb(cores: int) -> int:
    """Return the memory in MB that its web processes take."""
    return sizes(cores)[0] * MB_OF_A_WORKER


_workers, _threads = sizes(usable_cores())

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or _workers)
threads = int(os.environ.get("WEB_THREADS") or _threads)
preload_app = False  # each worker makes its own connections to Postgres and Redis
timeout = 60  # seconds; a statement is stopped after 30
graceful_timeout = 30  # seconds to finish what was begun
keepalive = 75  # seconds; longer than the usual 60 of a load balancer
max_requests = 20_000  # then a worker is replaced, in case memory grows
max_requests_jitter = 4_000  # not all at once
backlog = 1024
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112  a beat must not wait for a disk
forwarded_allow_ips = "127.0.0.1"  # the app reads X-Forwarded-* itself, by PROXIES
accesslog = None  # ACCESS_LOG=true logs requests without the secrets of their addresses
errorlog = "-"
loglevel = "warning"
