"""A whole portal of real processes that a test may hurt: PostgreSQL, Valkey, web and workers of its own, and a mail server that listens."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from django.db import connection, transaction
from django.db.models import Q

from asl_portal.embedded.postgres import Postgres
from asl_portal.embedded.processes import Child
from asl_portal.embedded.valkey import Valkey
from evaluations.models import Assessment, AssessmentDue, DueState, ParseAttempt, Upload, UploadState
from evaluations.replay import Replayed, checks
from evaluations.services import blobs
from ledger import delivery
from ledger.clock import shared_now
from ledger.models import Cursor, Entry
from ledger.services import size
from ledger.verification import verify
from people.models import Person
from reviews.entries import REPORT_MADE
from reviews.models import Case, Delivery, Export, Notice, Outlet
from reviews.models.notice import Channel, WorkState
from reviews.reports.exports import request_export
from reviews.services import outlets
from reviews.services.telling import choose_notices
from tests.evaluations.logs import log
from tests.processes import ROOT, Outside, Sink, Worker, eventually, own_environment

LEASE_SECONDS = 6


@dataclass
class House:
    folder: Path
    postgres: Postgres
    database: Child
    valkey: Valkey
    broker: Child
    sink: Sink
    mail_port: int
    outside: Outside
    case: Case | None = None
    outlet: Outlet | None = None
    ada: Person | None = None
    token: str = ""
    blobs: Path = Path()
    port: int = 0
    cramped_port: int = 0
    accepted: set[str] = field(default_factory=set)
    # What was handed over when its worker was lost: it comes once more, under the id it has.
    handed_over: set[str] = field(default_factory=set)
    workers: list[Worker] = field(default_factory=list)
    webs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        return own_environment() | {
            "REDIS_URL": self.valkey.url(0),
            "CACHE_URL": self.valkey.url(1),
            "ASL_BLOB_DIR": str(self.blobs),
            "ASL_SMTP_HOST": "127.0.0.1",
            "ASL_SMTP_PORT": str(self.mail_port),
            "ASL_PUBLIC_URL": f"http://localhost:{self.port}",
            "ASL_LEASE_SECONDS": str(LEASE_SECONDS),
            "ASL_OUTLET_NETWORKS": "127.0.0.0/8",
        }

    # Processes

    def web(self, port: int, *, largest_file: int | None = None) -> None:
        """A web process; with `largest_file` the system refuses it every larger file, as a full disk does."""
        command = [sys.executable, "-m", "gunicorn", "asl_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--log-level", "warning"]

        def cramp() -> None:
            if largest_file:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        with (self.folder / f"web-{port}.log").open("wb") as output:
            self.webs.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self.environment(),
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=cramp,  # noqa: PLW1509 - it speaks to the system and to nothing else
                )
            )
        eventually(lambda: self.get("/healthz", port)[0] == 200)

    def worker(self, *, program: tuple[str, ...] = ("-m", "celery")) -> Worker:
        """A worker with its own scheduler."""
        number = len(self.workers)
        log_file = self.folder / f"worker-{number}.log"
        command = [sys.executable, *program, "-A", "asl_portal", "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        command += ["--loglevel", "INFO", "--hostname", f"fault-{number}@%h", "--beat", "--schedule", str(self.folder / f"beat-{number}")]
        with log_file.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment(), stdout=output, stderr=output, start_new_session=True)
        self.workers.append(Worker(process, log_file))
        return self.workers[-1]

    def have_workers(self, count: int) -> None:
        """At least so many; those of an earlier test go on."""
        for _ in range(count - len(self.workers)):
            self.worker()

    def stop_workers(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.workers.clear()

    def freeze_broker(self) -> None:
        for process in _family(self.broker):
            process.send_signal(signal.SIGSTOP)

    def thaw_broker(self) -> None:
        for process in _family(self.broker):
            process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.stop_workers()
        for web in self.webs:
            web.terminate()
            web.wait(timeout=20)
        connection.close()
        self.broker.stop()
        self.database.stop()

    # What people do

    def get(self, path: str, port: int | None = None) -> tuple[int, Any]:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}"), seconds=10)

    def upload(self, content: bytes, *, port: int | None = None, seconds: float = 60) -> tuple[int, Any]:
        """Sends a file through the API, as an evaluation harness does; remembers what the portal accepted."""
        mark = uuid4().hex
        body = b"".join(
            [
                f'--{mark}\r\nContent-Disposition: form-data; name="subject"\r\n\r\nheron\r\n'.encode(),
                f'--{mark}\r\nContent-Disposition: form-data; name="snapshot"\r\n\r\nstep 1\r\n'.encode(),
                f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="run.eval"\r\n\r\n'.encode() + content + b"\r\n",
                f"--{mark}--\r\n".encode(),
            ]
        )
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Accept": "application/json",
        }
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}/api/v1/evaluations", body, headers)
        status, answer = self._ask(request, seconds=seconds)
        if status in {200, 202}:
            self.accepted.add(answer["id"])
        return status, answer

    def send_some(self, count: int = 2) -> None:
        """So many sound files, and one that will be refused, of which its uploader is told by mail."""
        for content in [*(a_log() for _ in range(count)), b"no log " + uuid4().hex.encode()]:
            status, answer = self.upload(content)
            assert status == 202, answer

    def tell_and_report(self) -> None:
        """A delivery to the outlet, and a report of the case."""
        assert self.outlet
        outlets.send_test(outlet=self.outlet, actor=self.outlet.made_by, at=shared_now())
        self.ask_report("json")

    def tell_ada(self, by_mail: str) -> None:
        """How Ada, who uploads, is told of a file that was refused."""
        assert self.ada
        choice = {"upload_rejected": (True, by_mail)}
        choose_notices(choices=choice, zone="UTC", hour=8, weekday=0, actor=self.ada, at=shared_now())

    def ask_report(self, kind: str) -> Export:
        assert self.case and self.case.opened_by
        return request_export(case=self.case, kind=kind, actor=self.case.opened_by, at=shared_now())

    def _ask(self, request: urllib.request.Request, *, seconds: float) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            content = error.read()
            return error.code, json.loads(content) if content[:1] == b"{" else content
        except OSError as error:
            return 0, str(error)

    # The one question after each fault

    def is_whole(self) -> None:
        """Nothing lost and nothing doubled: every accepted upload read and assessed once, every notice sent, every delivery taken, every report made
        once, ledger and replay clean."""
        until(lambda: not self._unfinished(), self._unfinished)
        known = {str(upload.pk): upload for upload in Upload.objects.all()}
        assert self.accepted <= known.keys(), "an accepted upload is gone"
        read = Counter(str(pk) for pk in ParseAttempt.objects.values_list("upload", flat=True))
        told = Counter(Entry.objects.filter(kind__startswith="evaluations:upload:").values_list("kind", "thing"))
        for pk, upload in known.items():
            ends = {"parsed": "evaluations:upload:parsed", "rejected": "evaluations:upload:rejected"}
            assert upload.state in ends, f"{pk} is {upload.state}: {upload.error_message}"
            assert read[pk] == (upload.state == UploadState.PARSED)
            assert (told["evaluations:upload:received", f"upload:{pk}"], told[ends[upload.state], f"upload:{pk}"]) == (1, 1)
        self._assessed_once()
        self._told_once()
        self._delivered_once()
        self._reported_once()
        report = verify()
        assert report.sound, str(report.misfit)
        assert [difference for check in checks().values() for difference in check(None, Replayed())] == []

    def _unfinished(self) -> list[str]:
        """What still waits, all of it as of one moment: asked one after the other, an entry could be heard in between and the work it asks for be missed."""
        try:
            connection.ensure_connection()
            with transaction.atomic():
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                states = Upload.objects.exclude(state__in=[UploadState.PARSED, UploadState.REJECTED]).values_list("pk", flat=True)
                due = AssessmentDue.objects.exclude(state=DueState.DONE).values_list("pk", flat=True)
                mails = Notice.objects.filter(_to_be_mailed()).exclude(state=WorkState.DONE).values_list("pk", flat=True)
                deliveries = Delivery.objects.exclude(state=WorkState.DONE).values_list("pk", flat=True)
                reports = Export.objects.exclude(state=WorkState.DONE).values_list("pk", flat=True)
                behind = Cursor.objects.filter(position__lt=size()).values_list("consumer", flat=True)
                waiting = [*states, *due, *mails, *deliveries, *reports, *behind]
        except Exception:  # a database that has just been restarted: ask again on a new connection
            connection.close()
            raise
        return [str(each) for each in waiting]

    def _assessed_once(self) -> None:
        """Each reading stands before an assessment; and no two assessments say the same of the same evidence."""
        assert not delivery.failing()
        last_read = ParseAttempt.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
        made = list(Assessment.objects.filter(subject__slug="heron").order_by("seq"))
        assert made and made[-1].ledger_size > last_read
        inputs = [(one.framework_digest, one.inputs_digest) for one in made]
        assert all(before != after for before, after in pairwise(inputs)), "one state of the evidence was assessed twice"

    def _told_once(self) -> None:
        rows = Notice.objects.filter(_to_be_mailed())
        refused = Upload.objects.filter(state=UploadState.REJECTED).count()
        assert rows.filter(kind="upload_rejected").count() == refused
        got = Counter(str(message["Message-ID"]) for message in self.sink.messages)
        assert self._once(got) == dict.fromkeys(rows.values_list("message_id", flat=True), 1), "each notice is in one mail"

    def _delivered_once(self) -> None:
        got = Counter(request["headers"]["webhook-id"] for request in self.outside.got)
        assert self._once(got) == {row.message_id: 1 for row in Delivery.objects.all()}, "each delivery is one request"

    def _once(self, got: Counter[str]) -> dict[str, int]:
        """As a receiver counts that takes each id once, but for what nobody could know was handed over: all else came once indeed."""
        return {each: 1 if each in self.handed_over else count for each, count in got.items()}

    def _reported_once(self) -> None:
        """Each report that was asked for stands in the record once, by the digest of the bytes that lie on the shelf."""
        made = {entry.thing: entry for entry in Entry.objects.filter(kind=REPORT_MADE).prefetch_related("fields")}
        assert len(made) == Entry.objects.filter(kind=REPORT_MADE).count() == Export.objects.count()
        for export in Export.objects.all():
            assert export.blob_id
            with blobs.path_of(export.blob_id).open("rb") as stored:
                digest = f"sha256:{hashlib.file_digest(stored, 'sha256').hexdigest()}"
            assert made[f"export:{export.pk}"].values[export.kind] == digest


def _to_be_mailed() -> Q:
    """Mails, and digests whose hour has come."""
    return (
        Q(channel=Channel.MAIL) | Q(channel=Channel.DIGEST, not_before__lte=shared_now()) | Q(channel=Channel.DIGEST, state=WorkState.DONE)
    )


def until(ask: Callable[[], Any], what: Callable[[], object] = str) -> Any:
    """`eventually`, with more patience, and with a word on what is missing."""
    try:
        return eventually(ask, seconds=90)
    except AssertionError:
        raise AssertionError(f"still not so: {what()}") from None


def a_log() -> bytes:
    """Another run each time."""
    return log(right=2, run=uuid4().hex)


def a_large_log(size: int) -> bytes:
    """A log of at least so many bytes, none of which compress."""
    return log(right=2, run=uuid4().hex, eval__metadata={"elicitation": {"safeguards_on": False}, "padding": os.urandom(size).hex()})


def _family(child: Child) -> list[psutil.Process]:
    """The server behind its guard."""
    guard = child._guard
    assert guard is not None
    return psutil.Process(guard.pid).children(recursive=True)
