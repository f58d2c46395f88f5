"""One command on the embedded database of a portal that is not running: the server starts for it and stops after it."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from asl_portal.embedded.datafolder import DataFolder
from asl_portal.embedded.postgres import APP, OWNER, Postgres
from asl_portal.embedded.processes import Log
from asl_portal.embedded.supervisor import MANAGE


def run_alone(folder: DataFolder, command: Sequence[str], given: Mapping[str, str]) -> int:
    """Runs `manage.py COMMAND` and gives its exit code. Raises AlreadyRunning, StillStopping, DatabaseDidNotStart."""
    folder.make()
    with folder.owned():
        folder.wait_for_old_children(60)
        secrets, log = folder.secrets(), Log(folder.logs / "portal.log")
        postgres = Postgres(folder.postgres, secrets.database_superuser)
        postgres.make()
        server = postgres.child({"PATH": given.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}, log, folder.children_lock)
        server.start()
        try:
            postgres.wait(seconds=60)
            postgres.make_roles(owner_password=secrets.database_owner, app_password=secrets.database_app)
            environment = {
                "ASL_SECRET_KEY": secrets.secret_key,
                "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody listens, and nothing that is kicked here is lost: a sweep finds it
                **given,
                "ASL_DATA_DIR": str(folder.path),
                "DATABASE_URL": postgres.url(APP, secrets.database_app),
                "DATABASE_OWNER_URL": postgres.url(OWNER, secrets.database_owner),
            }
            return subprocess.run([*MANAGE, *command], env=environment, check=False).returncode
        finally:
            server.stop()
            log.close()
