"""Writes what Disha is made of as a CycloneDX bill of materials: `make sbom`.

Python packages are those of requirements.txt with their hashes; browser files those of package-lock.json with theirs.
The same inputs give the same file. Argument: where to write (default sbom.cdx.json).
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = "sbom.cdx.json"
COMMAND = [
    sys.executable, "-m", "cyclonedx_py", "requirements", "requirements.txt", "--output-reproducible",
    "--no-validate", "--short-PURLs",
    "--spec-version", "1.6", "--output-format", "JSON", "--output-file", "-",
]  # fmt: skip
ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha1": "SHA-1"}


def main() -> int:
    """Write the bill and return the exit status."""
    target = ROOT / (sys.argv[1] if len(sys.argv) > 1 else DEFAULT)
    bill = bill_of_materials()
    text = json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        print(f"sbom: not valid: {problem}", file=sys.stderr)
        return 1
    target.write_text(text)
    print(f"sbom: {len(bill['components'])} components in {target.name}")
    return 0


def bill_of_materials() -> dict[str, Any]:
    """Return the bill: what the server imports and what browsers are sent."""
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    bill: dict[str, Any] = json.loads(done.stdout)
    python = [plain(one) for one in bill["components"]]
    bill["components"] = sorted([*python, *browser_files()], key=lambda one: str(one["bom-ref"]))
    refs = [{"ref": one["bom-ref"]} for one in bill["components"]]
    bill["metadata"]["component"] = {"bom-ref": "disha", "name": "disha", "type": "application"}
    bill["dependencies"] = [{"ref": "disha", "dependsOn": [one["ref"] for one in refs]}, *refs]
    return bill


def plain(component: dict[str, Any]) -> dict[str, Any]:
    """Return a Python package without the line it came from."""
    kept = {name: component[name] for name in ("name", "version", "type", "purl", "externalReferences")}
    for one in kept["externalReferences"]:
        one["url"] = component["purl"]  # whatever index this machine asks
    return {**kept, "bom-ref": component["purl"], "scope": "required"}


def browser_files() -> list[dict[str, Any]]:
    """Return the packages of the lock file; those that only build or test are no part of what runs."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    served, found = _served(lock["packages"]), {}
    for path, package in lock["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if not name:
            continue
        purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
        algorithm, _, digest = package["integrity"].partition("-")
        found[purl] = {
            "bom-ref": purl,
            "type": "library",
            **_named(name),
            "version": package["version"],
            "purl": purl,
            "scope": "required" if name in served else "excluded",
            "hashes": [{"alg": ALGORITHMS[algorithm], "content": base64.b64decode(digest).hex()}],
            **({"licenses": [{"expression": package["license"]}]} if package.get("license") else {}),
        }
    return list(found.values())


def _served(packages: dict[str, Any]) -> set[str]:
    """Return the packages whose files browsers are sent, with what is built into them."""
    waiting = set(packages[""]["dependencies"]) - {"subset-font"}  # it cuts fonts, and is sent to nobody
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(packages.get(f"node_modules/{name}", {}).get("dependencies", {})) - found
    return found


def _named(name: str) -> dict[str, str]:
    group, slash, rest = name.partition("/")
    return {"group": group, "name": rest} if slash else {"name": name}


if __name__ == "__main__":
    sys.exit(main())
