"""``python -m webapp``: the whole of Disha under one command. ``make run`` does this."""

from __future__ import annotations

import os
import sys

from webapp.config import ROOT, Settings, SettingsError, load_settings
from webapp.core.supervisor import Command, Plan, Supervisor

FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


def preparations(settings: Settings) -> list[Command]:
    """Return what runs to its end before anything is served, in this order."""
    steps = [
        Command("assets", [sys.executable, "-m", "webapp.core.assets"]),
        Command("database", [*FLASK, "db", "upgrade"]),
    ]
    return [*steps, Command("demo", [*FLASK, "seed-demo"], greeting=True)] if settings.demo else steps


def commands(settings: Settings) -> list[Command]:
    """Return what keeps running: the web server, the worker and its scheduler."""
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    granian += ["--host", settings.host, "--port", str(settings.port)]
    granian += ["--workers", str(settings.web_workers), "--blocking-threads", str(settings.web_threads)]
    granian += ["--respawn-failed-workers", "--respawn-interval", "1", "--workers-kill-timeout", "8"]
    return [
        Command("web", [*granian, "wsgi:app"]),
        Command("worker", [*FLASK, "worker"]),
        Command("scheduler", [*FLASK, "scheduler"]),
    ]


def make_plan(settings: Settings) -> Plan:
    """Return the plan of a run: embedded servers only where no address is set."""
    from webapp.core import embedded

    data_dir = settings.data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    servers: list[embedded.EmbeddedServer] = []
    if settings.database_url is None:
        servers.append(embedded.PostgresServer(data_dir))
    if settings.redis_url is None:
        servers.append(embedded.RedisServer(data_dir))
    return Plan(
        data_dir=data_dir,
        root=ROOT,
        environ={**os.environ, "DATA_DIR": str(data_dir)},
        host=settings.host,
        port=settings.port,
        servers=servers,
        preparations=preparations(settings),
        commands=commands(settings),
    )


def main() -> int:
    """Check the settings and run. Exit status: 0 stopped by a signal, 1 cannot go on, 2 a bad setting."""
    try:
        plan = make_plan(load_settings())
    except SettingsError as error:
        print(f"disha: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"disha: cannot write to the data folder ({error})", file=sys.stderr)
        return 2
    return Supervisor(plan).run()


if __name__ == "__main__":
    sys.exit(main())
