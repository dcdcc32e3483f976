"""Asks whether anything we run with has a known vulnerability; part of `make lint`.

Exit status 1 only when one is known. Where nobody who knows of them answers, one line says so and that is all: a check
that fails without a network is a check that is switched off. Arguments go to pip-audit (`-s osv` asks another list).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANSWER_SECONDS = 5
WHOLE_SECONDS = 90
COMMAND = [
    sys.executable, "-m", "pip_audit", "--requirement", "requirements.txt", "--require-hashes", "--disable-pip",
    "--format", "json", "--desc", "off", "--progress-spinner", "off", "--timeout", str(ANSWER_SECONDS),
]  # fmt: skip


def main() -> int:
    """Ask, say what came of it, and return the exit status."""
    try:
        done = subprocess.run(  # noqa: S603
            [*COMMAND, *sys.argv[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=WHOLE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return skipped(f"no answer within {WHOLE_SECONDS} s")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return skipped("the list of known vulnerabilities cannot be reached")
    return judge(packages)


def judge(packages: list[dict[str, object]]) -> int:
    """Say what pip-audit found and return the exit status."""
    asked = [one for one in packages if "skip_reason" not in one]
    if not asked:
        return skipped("the list of known vulnerabilities knows none of our packages")
    wrong = [(one, found) for one in asked for found in one["vulns"]]  # type: ignore[attr-defined]
    for one, found in wrong:
        fixed = ", ".join(found["fix_versions"]) or "no version yet"
        print(f"audit: {one['name']} {one['version']}: {found['id']}, fixed in {fixed}", file=sys.stderr)
    if wrong:
        return 1
    left = len(packages) - len(asked)
    print(f"audit: {len(asked)} packages, no known vulnerability" + (f"; {left} are not in the list" if left else ""))
    return 0


def skipped(why: str) -> int:
    """Say that nothing was learnt; that is no failure."""
    print(f"audit: skipped, {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
