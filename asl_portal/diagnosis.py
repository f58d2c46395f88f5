"""Every precondition of a healthy portal, asked one by one. `doctor` prints the answers; each failure comes with its mend."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from asl_portal import health
from asl_portal.backup import unfinished
from asl_portal.backup.entries import MADE
from evaluations.models import AssessmentDue, DueState, Upload, UploadState
from ledger.delivery import stuck
from ledger.models import APPEND_ONLY_TABLES, Checkpoint, Entry, Log
from ledger.queries import is_sound
from ledger.services import current_log, size
from people import oidc
from people.outgoing import NotAnswered, ask, is_loopback
from reviews.models import Delivery, Export, Notice
from reviews.models.notice import WorkState

GOOD, WARNING, BAD = "good", "warning", "bad"
LOWEST_FREE_BYTES = 2 * 1024**3
OLDEST_POSTGRESQL = 15
ELSEWHERE = "Where it runs with --data DIR, set ASL_DATA_DIR to that folder."
SIGNED_WITHIN = timedelta(minutes=5)
BACKED_UP_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Answer:
    """What was asked, how it stands, and what mends it."""

    name: str
    state: str
    found: str
    mend: str = ""


def examine() -> list[Answer]:
    """Ask everything. Where the database does not answer, what would ask it is left out."""
    answers = [*_settings(), *_pages(), *_folders(), *_mail(), *_sign_in_provider(), *_broker()]
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        return [
            *answers,
            Answer("database", BAD, f"does not answer: {reason}", f"Start it with ./portal up, or correct DATABASE_URL. {ELSEWHERE}"),
        ]
    for question in _OF_THE_DATABASE:
        try:
            answers.extend(question())
        except DatabaseError as error:
            answers.append(Answer(question.__name__.strip("_"), BAD, str(error).strip().splitlines()[0], "Run ./portal manage prepare."))
    return answers


def _settings() -> Iterator[Answer]:
    found = checks.run_checks(tags=[checks.Tags.security])
    for message in found:
        if (message.id or "").startswith("asl_portal."):
            yield Answer("settings", BAD if message.is_serious() else WARNING, message.msg, message.hint or "")
    if not any((message.id or "").startswith("asl_portal.") for message in found):
        yield Answer("settings", GOOD, f"reached at {settings.PUBLIC_URL}")


def _pages() -> Iterator[Answer]:
    """Whether anybody serves them: everything else may be in order while nobody can come in."""
    try:
        status, _ = ask("GET", f"{settings.PUBLIC_URL}/healthz")
        found = "" if status == HTTPStatus.OK else f"answers {status} to /healthz"
    except NotAnswered:
        found = "does not answer"
    if not found:
        yield Answer("pages", GOOD, f"{settings.PUBLIC_URL} answers")
    elif is_loopback(urlsplit(settings.PUBLIC_URL).hostname or ""):
        yield Answer("pages", BAD, f"{settings.PUBLIC_URL} {found}: the portal is down", "Start it with ./portal up, or the web processes.")
    else:
        mend = "See that the web processes run and the proxy leads to them. From here the address may be out of reach: then ask it from elsewhere."
        yield Answer("pages", WARNING, f"{settings.PUBLIC_URL} {found}", mend)


def _folders() -> Iterator[Answer]:
    for name, path in (("data folder", settings.DATA_DIR), ("blob folder", settings.BLOB_DIR), ("temporary folder", tempfile.gettempdir())):
        yield _folder(name, Path(path))
    if unfinished.is_there():
        mend = "What it left was never verified. Empty that folder, make a new, empty database, and restore again."
        yield Answer("restore", BAD, f"one into {settings.BLOB_DIR} was killed half-way, or is still under way", mend)


def _folder(name: str, path: Path) -> Answer:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=path):
            free = shutil.disk_usage(path).free
    except OSError as error:
        return Answer(
            name,
            BAD,
            f"{path} cannot be written: {error.strerror}",
            "Make it the portal's own, or name another (ASL_DATA_DIR, ASL_BLOB_DIR, TMPDIR).",
        )
    if free < LOWEST_FREE_BYTES:
        return Answer(name, WARNING, f"{path} has {free // 1024**2} MiB left", "Make room; an upload that does not fit is refused.")
    return Answer(name, GOOD, f"{path}, {free // 1024**3} GiB free")


def _mail() -> Iterator[Answer]:
    if settings.EMAIL_HOST:
        yield Answer("mail", GOOD, f"sent through {settings.EMAIL_HOST}:{settings.EMAIL_PORT}")
    else:
        mend = "Set ASL_SMTP_HOST (and ASL_SMTP_PORT, ASL_SMTP_USER, ASL_SMTP_PASSWORD, ASL_SMTP_TLS) to send it."
        yield Answer("mail", WARNING, f"nobody gets any: it is written to {settings.MAIL_DIR}", mend)


def _sign_in_provider() -> Iterator[Answer]:
    if not settings.OIDC_ISSUER:
        return
    oidc.try_again()
    try:
        oidc.check_provider()
    except oidc.ProviderAway:
        mend = "See that the web processes may reach it; whoever has a password signs in with it meanwhile."
        yield Answer("sign-in provider", WARNING, f"{settings.OIDC_ISSUER} does not answer", mend)
    except oidc.AnswerNotAccepted as refusal:
        mend = "Correct ASL_OIDC_ISSUER to what the provider calls itself, letter for letter, or the provider."
        yield Answer("sign-in provider", BAD, f"{settings.OIDC_ISSUER} is not taken: {refusal.data['why']}", mend)
    else:
        yield Answer("sign-in provider", GOOD, f"{settings.OIDC_NAME} answers at {settings.OIDC_ISSUER}")


def _broker() -> Iterator[Answer]:
    if not health.broker_answers():
        yield Answer("broker", BAD, "does not answer", f"Start it with ./portal up, or correct REDIS_URL. {ELSEWHERE}")
        return
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
        try:
            policy = str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
            kept = str(client.config_get("appendonly").get("appendonly", ""))
        except redis.ResponseError:
            policy, kept = "", ""
    if not policy:
        yield Answer(
            "broker", WARNING, "answers, and does not tell its settings", "See that it keeps an append-only file and evicts nothing."
        )
    elif policy != "noeviction" or kept != "yes":
        mend = "Set maxmemory-policy noeviction and appendonly yes; until then a sweep finds what it loses."
        yield Answer("broker", WARNING, f"answers, with maxmemory-policy {policy} and appendonly {kept}", mend)
    else:
        yield Answer("broker", GOOD, "answers, keeps what it is given")
    if health.worker_alive():
        yield Answer("worker", GOOD, "a worker is alive")
    else:
        yield Answer("worker", BAD, "no worker has been heard of lately", "Start one: ./portal up, or celery -A asl_portal worker.")


def _server() -> Iterator[Answer]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'), current_setting('fsync'), now()"
        )
        version, encoding, fsync, now = cursor.fetchone()
    if version < OLDEST_POSTGRESQL:
        yield Answer("database", BAD, f"is PostgreSQL {version}", f"Use PostgreSQL {OLDEST_POSTGRESQL} or newer.")
    elif encoding != "UTF8":
        yield Answer("database", BAD, f"stores text as {encoding}", "Make the database anew with the encoding UTF8.")
    elif fsync != "on":
        yield Answer("database", BAD, "does not wait for the disk (fsync is off)", "Turn fsync on, or an accepted decision may be lost.")
    else:
        yield Answer("database", GOOD, f"PostgreSQL {version} answers")
    apart = abs((timezone.now() - now).total_seconds())
    if apart > 5:
        yield Answer("clocks", BAD, f"database and portal are {apart:.0f} seconds apart", "Keep both machines' clocks by NTP.")


def _migrations() -> Iterator[Answer]:
    if health.migrated():
        yield Answer("migrations", GOOD, "the database is as this version needs it")
    else:
        yield Answer("migrations", BAD, "the database is behind this version", "Run ./portal manage prepare.")


def _roles() -> Iterator[Answer]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND (pg_has_role(%s, relowner, 'USAGE') "
            "OR has_table_privilege(%s, oid, 'UPDATE') OR has_table_privilege(%s, oid, 'DELETE') OR has_table_privilege(%s, oid, 'TRUNCATE'))",
            [list(APPEND_ONLY_TABLES), *[settings.DATABASE_APP_ROLE] * 4],
        )
        open_tables = sorted(row[0] for row in cursor.fetchall())
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'django_migrations' "
            "AND NOT (has_table_privilege(%s, oid, 'SELECT') AND has_table_privilege(%s, oid, 'INSERT'))",
            [settings.DATABASE_APP_ROLE] * 2,
        )
        out_of_reach = sorted(row[0] for row in cursor.fetchall())
    if out_of_reach:
        found = f"the application's role may not work on {', '.join(out_of_reach[:3])}{' and others' if len(out_of_reach) > 3 else ''}"
        yield Answer("rights", BAD, found, "Run ./portal manage grant_app_role, as the role that owns the tables (DATABASE_OWNER_URL).")
    if open_tables:
        mend = "Use two roles: DATABASE_OWNER_URL owns the tables and migrates, DATABASE_URL works. Then run ./portal manage prepare."
        yield Answer("roles", WARNING, f"the application's role could change {', '.join(open_tables)}", mend)
    else:
        yield Answer("roles", GOOD, "the application's role can only add to the ledger")


def _work() -> Iterator[Answer]:
    """What was given up after its last try, and which consumer cannot get past an entry: nobody else would say so."""
    dead = {
        "uploads": Upload.objects.filter(state=UploadState.DEAD).count(),
        "assessments": AssessmentDue.objects.filter(state=DueState.DEAD).count(),
        "mails": Notice.objects.filter(state=WorkState.DEAD).count(),
        "deliveries": Delivery.objects.filter(state=WorkState.DEAD, outlet__stopped_at=None).count(),
        "reports": Export.objects.filter(state=WorkState.DEAD).count(),
    }
    given_up = [f"{count} {name}" for name, count in dead.items() if count]
    halted = [f"{cursor.consumer} at entry {cursor.position} ({cursor.error})" for cursor in stuck()]
    if given_up:
        mend = "An administrator's page, Unfinished work, says why and tries again."
        yield Answer("work", WARNING, f"given up: {', '.join(given_up)}", mend)
    if halted:
        mend = "The worker's log says why. Once the cause is gone it goes on by itself; nothing is skipped."
        yield Answer("consumers", BAD, f"stands still: {'; '.join(halted)}", mend)
    if not given_up and not halted:
        yield Answer("work", GOOD, "nothing was given up")


def _ledger() -> Iterator[Answer]:
    log = current_log()
    if log is None:
        yield Answer("ledger", BAD, "the log is not open", "Run ./portal up, or ./portal manage open_log --mode production.")
    elif not is_sound():
        yield Answer(
            "ledger",
            BAD,
            "the log does not fit together; the gate denies everything",
            "Run ./portal manage verify_ledger and keep the database as it is.",
        )
    else:
        yield Answer("ledger", GOOD, f"a {log.mode} log, sound")
        yield from _signer()
        yield from _backup(log)


def _signer() -> Iterator[Answer]:
    last, entries = Checkpoint.objects.order_by("-size").first(), size()
    if last is None or (last.size < entries and timezone.now() - last.signed_at > SIGNED_WITHIN):
        found = f"{entries - (last.size if last else 0)} entries stand unsigned"
        yield Answer("signer", WARNING, found, "Start it with ./portal up, or ./portal manage sign_checkpoints --watch.")
    else:
        yield Answer("signer", GOOD, f"signed {last.size} of {entries} entries")


def _backup(log: Log) -> Iterator[Answer]:
    """When the last one was made, as the ledger tells it."""
    last = Entry.objects.filter(kind=MADE).order_by("-seq").first()
    mend = "Run ./portal manage backup FOLDER, every night, into another place than this machine."
    if last is None:
        demo = "; the demonstration is built anew, what you added to it is not" if log.mode == Log.Mode.DEMO else ""
        yield Answer("backup", WARNING, f"none was ever made{demo}", mend)
    elif (age := timezone.now() - last.recorded_at) > BACKED_UP_WITHIN:
        yield Answer("backup", WARNING, f"the last one was made {age.days} days ago", mend)
    else:
        yield Answer("backup", GOOD, f"the last one was made on {last.recorded_at:%d %b %Y at %H:%M} UTC")


_OF_THE_DATABASE: tuple[Callable[[], Iterator[Answer]], ...] = (_server, _migrations, _roles, _work, _ledger)
