"""The roles as a site runs them: two web processes, three workers, a scheduler and a signer, started by the commands of the container file
against the system's own PostgreSQL and Redis, and killed one after the other while evaluations arrive."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from asl_portal.embedded.valkey import free_port
from tests.deployment import commands
from tests.evaluations.logs import log
from tests.processes import ROOT, eventually
from tests.servers import Servers, running_servers

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]

# What stands before the first upload: a framework in force, bindings, confirmed weights, and a token of Ada's.
WORLD = """
from people.words import Scope
from tests.evaluations.conftest import make_world
from tests.makers import make_token
world = make_world()
print(make_token(world.cast.ada, *Scope.values))
"""
COUNTED = """
import json
from collections import Counter
from evaluations.models import ParseAttempt, Run, Upload
from ledger.models import Checkpoint, Entry, Head
kinds = Counter(Entry.objects.values_list("kind", flat=True))
print(json.dumps({
    "states": Counter(Upload.objects.values_list("state", flat=True)), "runs": Run.objects.count(), "readings": ParseAttempt.objects.count(),
    "received": kinds["evaluations:upload:received"], "parsed": kinds["evaluations:upload:parsed"],
    "signed": Checkpoint.objects.order_by("-size").values_list("size", flat=True).first(), "size": Head.objects.get().size,
}))
"""
# Ten minutes later: what a killed worker held is free again.
LEASES_OVER = """
from django.utils import timezone
from evaluations.models import AssessmentDue, Upload
Upload.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
AssessmentDue.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
"""


class Site:
    """Every role as processes of their own. A client that finds one web process gone asks the other, as a load balancer would."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.folder, self.ports = folder, [free_port(), free_port()]
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ASL_", "DATABASE_", "REDIS_", "CACHE_"))
        }
        self.environment |= {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "CACHE_URL": servers.cache_url}
        self.environment |= {"ASL_SECRET_KEY": "for this test alone, and long enough", "ASL_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        self.owner = {"DATABASE_OWNER_URL": servers.database_owner_url}
        self.signer = {"ASL_CHECKPOINT_KEY_FILE": str(folder / "checkpoint.key")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands = commands()

    def manage(self, *words: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment | more, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str) -> None:
        role, _, number = name.partition("-")
        words = {"python": [sys.executable], "gunicorn": [sys.executable, "-m", "gunicorn"], "celery": [sys.executable, "-m", "celery"]}
        program, *rest = self.commands[role]
        told = [*words[program], *rest]
        if role == "web":
            told = [f"127.0.0.1:{self.ports[int(number)]}" if word == "0.0.0.0:8000" else word for word in told]
        if role == "worker":
            told += ["--hostname", f"{name}@%h", "--concurrency", "1"]
        if role == "scheduler":
            told = [str(self.folder / "beat") if word == "/tmp/beat" else word for word in told]
        more = self.signer if role == "signer" else {}
        with (self.folder / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                told, cwd=ROOT, env=self.environment | more, stdout=output, stderr=output, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """kill -9 of the process and of all it started."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ask(self, path: str, token: str, body: bytes | None = None, kind: str = "", key: str = "") -> tuple[int, dict[str, object]]:
        for port in (*self.ports, *self.ports):
            headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Idempotency-Key": key}
            request = urllib.request.Request(f"http://localhost:{port}{path}", body, {name: text for name, text in headers.items() if text})
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())
            except OSError:
                continue
        return 0, {"no": "web process answers"}

    def upload(self, number: int, token: str) -> str:
        form = uuid.uuid4().hex
        parts = [
            f'--{form}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in (("subject", "heron"), ("snapshot", "step 1"))
        ]
        parts.append(f'--{form}\r\nContent-Disposition: form-data; name="file"; filename="{number}.eval"\r\n\r\n')
        body = "".join(parts).encode() + log(run=f"run-{number}", right=number % 40) + f"\r\n--{form}--\r\n".encode()
        status, answer = self.ask("/api/v1/evaluations", token, body, f"multipart/form-data; boundary={form}", f"upload {number}")
        assert status in {200, 202}, answer
        return str(answer["id"])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_servers() as servers:
        site = Site(servers, tmp_path)
        assert int(servers.postgresql) >= 15
        site.manage("prepare", **site.owner)
        try:
            yield site
        finally:
            for name in list(site.running):
                site.kill(name)


def test_with_any_process_of_a_role_killed_every_accepted_upload_is_assessed_once_and_answers_go_on(site: Site) -> None:
    token = site.manage("shell", "-v0", "-c", WORLD).split()[-1]
    for name in ("web-0", "web-1", "worker-0", "worker-1", "worker-2", "scheduler", "signer"):
        site.start(name)
    eventually(lambda: site.ask("/readyz", "")[0] == 200, seconds=60)

    ids = [site.upload(number, token) for number in range(4)]
    killed = ("web-0", "worker-0", "scheduler", "signer", "worker-1")
    for turn, name in enumerate(killed, start=1):
        site.kill(name)
        ids += [site.upload(number, token) for number in range(4 * turn, 4 * turn + 4)]
        status, gate = site.ask("/api/v1/gate?scope=external&subject=heron", token)
        assert (status, gate["allowed"]) == (200, False)
        if name in {"scheduler", "signer"}:
            site.start(name)
    assert len(set(ids)) == 4 * len(killed) + 4

    site.manage("shell", "-v0", "-c", LEASES_OVER)
    states = lambda: Counter(str(site.ask(f"/api/v1/evaluations/{one}", token)[1]["state"]) for one in ids)  # noqa: E731
    eventually(lambda: states() == {"parsed": len(ids)}, seconds=90)
    # The scheduler and the signer that were started again do their part: what is due gets assessed, and all of it is signed.
    eventually(lambda: _settled(site), seconds=90)
    counted = json.loads(site.manage("shell", "-v0", "-c", COUNTED))
    assert counted["states"] == {"parsed": len(ids)}
    assert counted["runs"] == counted["readings"] == counted["received"] == counted["parsed"] == len(ids)
    _, status = site.ask("/api/v1/subjects/heron/status", token)
    assert status["subject"]
    assert "each giving the hash that was sealed" in site.manage("verify_ledger")
    site.manage("replay")


def _settled(site: Site) -> bool:
    """Nothing waits any more, and every entry is signed."""
    with urllib.request.urlopen(f"http://localhost:{site.ports[1]}/metrics", timeout=30) as answer:
        figures = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line.startswith("asl_"))
    waiting = [
        value for name, value in figures.items() if name.startswith(("asl_work_waiting", "asl_consumer_lag", "asl_checkpoint_unsigned"))
    ]
    return {float(value) for value in waiting} == {0.0}
