"""What we run is what was pinned; who knows of a hole in it is asked; what it is made of can be shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.webhooks.receiver import free_port
from webapp.config import ROOT

PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+) \\$", re.MULTILINE)


def _pinned(name: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-demo.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_with_its_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text().strip())
    for block in blocks:
        assert PINNED.match(block), block[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:80]
    assert "://" not in "".join(line for line in "\n".join(blocks).splitlines() if not line.lstrip().startswith("#"))


def test_what_is_wanted_is_what_is_pinned() -> None:
    for source in ("requirements.in", "requirements-demo.in", "requirements-dev.in"):
        pinned = _pinned(source.replace(".in", ".txt"))
        lines = (line.split("#")[0].strip() for line in (ROOT / source).read_text().splitlines())
        for line in filter(None, lines):
            if not line.startswith("-r"):
                name, _, version = re.sub(r"\[.*?\]", "", line).partition("==")
                assert version, f"{line} has no version"
                assert pinned.get(name.lower().replace("_", "-")) == version, line


def test_the_tests_have_all_that_the_demo_has() -> None:
    assert _pinned("requirements.txt").items() <= _pinned("requirements-demo.txt").items()
    assert _pinned("requirements-demo.txt").items() <= _pinned("requirements-dev.txt").items()


def test_setup_installs_nothing_without_its_hash() -> None:
    assert "--require-hashes" in (ROOT / ".ci" / "setup").read_text()


def test_every_browser_package_is_pinned_with_its_integrity() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    wanted = json.loads((ROOT / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted[kind].values())
    for path, package in lock["packages"].items():
        assert not path or re.match(r"sha(256|384|512)-", package["integrity"]), path


def _audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ".ci/audit.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def _osv(answer: dict[str, Any]) -> Iterator[str]:
    """A list of vulnerabilities of our own, that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer if asked["package"]["name"] == "flask" else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        server.server_close()


def test_no_network_is_one_line_and_no_failure() -> None:
    done = _audit("-s", "osv", "--osv-url", f"http://127.0.0.1:{free_port()}/v1/query")
    assert done.returncode == 0
    assert done.stdout == "audit: skipped, the list of known vulnerabilities cannot be reached\n"


def test_a_known_hole_fails_the_check_and_is_named() -> None:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0.0"}]}]
    hole = {
        "id": "PYSEC-2026-1",
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "summary": "A hole",
        "details": "A hole",
        "affected": [{"package": {"name": "flask", "ecosystem": "PyPI"}, "ranges": ranges}],
    }
    with _osv({"vulns": [hole]}) as url:
        done = _audit("-s", "osv", "--osv-url", url)
    assert done.returncode == 1, done.stdout
    assert done.stderr == f"audit: flask {_pinned('requirements.txt')['flask']}: PYSEC-2026-1, fixed in 99.0.0\n"


def test_nothing_known_passes() -> None:
    with _osv({}) as url:
        done = _audit("-s", "osv", "--osv-url", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"audit: \d+ packages, no known vulnerability\n", done.stdout)


def test_lint_asks() -> None:
    assert "\t@$(PY) .ci/audit.py\n" in (ROOT / "Makefile").read_text()


def test_the_bill_of_materials_is_whole_and_valid(tmp_path: Path) -> None:
    command = [sys.executable, ".ci/sbom.py", str(tmp_path / "bill.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr  # it writes nothing that is not valid by the schema
    text = (tmp_path / "bill.json").read_text()
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert "timestamp" not in bill["metadata"]  # the same inputs give the same file
    assert "serialNumber" not in bill
    by_purl = {one["purl"]: one for one in bill["components"]}
    for name, version in _pinned("requirements.txt").items():
        assert f"pkg:pypi/{name}@{version}" in by_purl
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in lock[""]["dependencies"].items():
        found = by_purl[f"pkg:npm/{name.replace('@', '%40')}@{version}"]
        assert found["hashes"][0]["alg"] == "SHA-512"
        assert found["scope"] == ("excluded" if name == "subset-font" else "required")
    assert str(ROOT) not in text
    assert {one["ref"] for one in bill["dependencies"]} == {"disha", *(one["bom-ref"] for one in bill["components"])}
