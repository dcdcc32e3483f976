"""Structured logs: one line an event, JSON in production, no secrets. Libraries' lines take the same way."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request

from webapp.core.redaction import learn_paths, redact_named

log = structlog.get_logger(__name__)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of an event, by the names of its values and by what its texts look like."""
    return {key: value if key.startswith("_") else redact_named(key, value) for key, value in event.items()}


def init_logs(*, json: bool) -> None:
    """Send logs to standard error, as JSON lines or for people."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # a text like any other by now: it is looked through too
        redact,
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_Printer,
        cache_logger_on_first_use=False,
    )
    _catch_libraries(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared
        )
    )


def init_request_log(app: Flask, *, every_request: bool) -> None:
    """Learn which addresses carry secrets; with ``every_request``, log a line for each request."""
    learn_paths((rule.rule, rule.arguments) for rule in app.url_map.iter_rules())
    if not every_request:
        return

    @app.before_request
    def start_watch() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def tell(response: Response) -> Response:
        log.info(
            "request",
            method=request.method,
            path=request.full_path.rstrip("?"),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            address=request.remote_addr,
            request_id=g.get("request_id", ""),
        )
        return response


class _Printer:
    """Prints finished lines to what standard error is at the moment."""

    def __init__(self, *_arguments: object) -> None: ...

    def msg(self, line: str) -> None:
        """Print one line."""
        print(line, file=sys.stderr, flush=True)

    log = debug = info = warn = warning = err = error = failure = critical = fatal = exception = msg


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment; one for the process."""

    def __init__(self) -> None:
        logging.Handler.__init__(self, logging.WARNING)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error as it is now; others may put something else in its place."""
        return sys.stderr


_libraries = _StandardError()


def _catch_libraries(formatter: logging.Formatter) -> None:
    _libraries.setFormatter(formatter)
    root = logging.getLogger()
    if _libraries not in root.handlers:
        root.addHandler(_libraries)
