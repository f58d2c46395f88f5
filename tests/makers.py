"""The world of the tests, built through the public verbs only. One section per room; keep each maker small."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from evaluations.models import Binding, Snapshot, Subject, Upload
from evaluations.services import assessments, bindings, readings, subjects, uploads
from frameworks.models import FrameworkVersion
from frameworks.services import adopt, load_framework
from ledger import delivery
from ledger.canonical import digest
from ledger.models import Log
from ledger.services import current_log, open_log
from people import services as people
from people.confirming import Confirmation
from people.factors import code_at, has_second_factor
from people.models import Person, Signature, SignInLink
from people.policies import may_hold_scopes
from people.queries import actor_of
from people.sealing import opened
from people.services.credentials import SEALED_FOR
from people.signing import Statement, sign
from people.words import Area, Role, Scope

NOON = datetime(2026, 5, 22, 12, tzinfo=UTC)


# ledger


def make_log(mode: str = "demo", at: datetime = NOON) -> Log:
    """The open log; opened now if it is not yet."""
    return current_log() or open_log(mode=mode, at=at)


def deliver_all(at: datetime = NOON) -> int:
    """Lets every consumer catch up, and insists that none of them failed."""
    handled = delivery.run_pending(limit=10_000, at=at)
    assert not delivery.failing(), [f"{cursor.consumer} at {cursor.position}: {cursor.error}" for cursor in delivery.failing()]
    return handled


# people

PASSWORD = "a long and quiet river"
# What everybody types who has a password and no second factor.
CONFIRMED = Confirmation(PASSWORD)
# Every authenticator app of the tests holds the same secret.
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Cast:
    """Everyone the tests know. Each holds what their line says; Eve has an account and nothing else. Who was not made is not there."""

    ada: Person  # researcher
    ben: Person  # reviewer, biology
    chloe: Person  # reviewer, security
    dan: Person  # chair
    eve: Person  # a stranger
    farid: Person  # safeguard owner
    grace: Person  # executive
    hana: Person  # auditor
    ivo: Person  # administrator
    jun: Person  # administrator
    kai: Person  # board observer
    lena: Person  # outside evaluator


ROLES = {
    "ada": Role.RESEARCHER,
    "ben": Role.REVIEWER,
    "chloe": Role.REVIEWER,
    "dan": Role.CHAIR,
    "farid": Role.SAFEGUARD_OWNER,
    "grace": Role.EXECUTIVE,
    "hana": Role.AUDITOR,
    "kai": Role.BOARD_OBSERVER,
    "lena": Role.OUTSIDE_EVALUATOR,
}
AREAS = {"ben": Area.BIOLOGY, "chloe": Area.SECURITY}


def make_person(name: str, *, at: datetime = NOON) -> Person:
    """A person with an account and no role."""
    person = people.register_person(name=name, affiliation="The lab", at=at)
    people.create_user(person=person, email=f"{name.lower()}@lab.example", at=at)
    return person


def make_people(*names: str, at: datetime = NOON, mode: str = "demo") -> Cast:
    """These people (all, if none is named; naming them is quicker), their roles proposed by Ivo and confirmed by Jun.

    Passwords come with `give_password`.
    """
    make_log(mode, at)
    cast = Cast()
    wanted = {"ivo", "jun", *(names or Cast.__annotations__)}
    for name in Cast.__annotations__:
        if name in wanted:
            setattr(cast, name, make_person(name.capitalize(), at=at))
    people.appoint_first_administrators(first=cast.ivo, second=cast.jun, at=at)
    for name in wanted & ROLES.keys():
        give_role(cast, getattr(cast, name), ROLES[name], at=at)
    for name in wanted & AREAS.keys():
        give_competence(cast, getattr(cast, name), AREAS[name], at=at)
    return cast


def give_role(cast: Cast, person: Person, role: str, *, at: datetime = NOON) -> None:
    people.confirm_grant(grant=people.grant_role(person=person, role=role, actor=cast.ivo, at=at), actor=cast.jun, at=at)


def give_competence(cast: Cast, person: Person, area: str, *, at: datetime = NOON) -> None:
    people.confirm_grant(grant=people.grant_competence(person=person, area=area, actor=cast.ivo, at=at), actor=cast.jun, at=at)


def give_clearance(cast: Cast, person: Person, *, at: datetime = NOON) -> None:
    people.confirm_grant(grant=people.grant_clearance(person=person, actor=cast.ivo, at=at), actor=cast.jun, at=at)


def give_password(person: Person, password: str = PASSWORD, *, at: datetime = NOON) -> None:
    """Lets a persona choose a password through their one-time link, as the demo does."""
    _, secret = people.persona_link(user=person.user, at=at)
    people.use_link(secret=secret, password=password, at=at)
    person.user.refresh_from_db()


def client_of(person: Person) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person.user)
    return client


def link_secret(link: SignInLink) -> str:
    """What the mail of a confirmed link will hold."""
    return opened(link.sealed, purpose=SEALED_FOR)


def know_password(person: Person, password: str = PASSWORD) -> None:
    """A password without a link, whatever the log and the moment: for tests that are about something else."""
    person.user.set_password(password)
    person.user.save(update_fields=["password"])


def give_app(person: Person, *, at: datetime = NOON) -> list[str]:
    """Adds an authenticator app to somebody with a password; answers their recovery codes."""
    confirmation = CONFIRMED if person.user.has_usable_password() else Confirmation()
    return people.add_totp(user=person.user, secret=APP_SECRET, first_code=code_at(APP_SECRET, at), confirmation=confirmation, at=at)


def confirmed(person: Person, at: datetime) -> Confirmation:
    """What this person types to confirm an act at that moment. A code counts once, so the next act is half a minute later."""
    password = PASSWORD if person.user.has_usable_password() else ""
    return Confirmation(password, code_at(APP_SECRET, at) if has_second_factor(person.user) else "")


def make_signature(person: Person, statement: Statement, *, at: datetime = NOON) -> Signature:
    """The person's name under a statement; they choose a password first if they have none."""
    if not person.user.has_usable_password():
        give_password(person, at=at)
    return sign(person=person, user=person.user, statement=statement, confirmation=confirmed(person, at), at=at)


def make_token(person: Person, *scopes: str, at: datetime | None = None, days: int = 30) -> str:
    """The text of an API token with these scopes, from now on: the API knows no other time. Make it last; the ledger only grows forward."""
    _, text = people.create_token(person=person, scopes=scopes, days=days, label="tests", at=at or timezone.now())
    return text


def make_wide_token(person: Person) -> str:
    """A token with every scope this person may hold."""
    return make_token(person, *(scope for scope in Scope.values if may_hold_scopes(actor_of(person, timezone.now()), [scope])))


def later(**spans: float) -> datetime:
    """Noon and a while: `later(hours=2)`."""
    return NOON + timedelta(**spans)


# frameworks

SMALL_FRAMEWORK = Path(__file__).parent / "evaluations" / "small-framework.yaml"


def adopt_framework(cast: Cast, source: bytes | None = None, *, at: datetime = NOON) -> FrameworkVersion:
    """A framework (the small one of the tests unless told otherwise) in force: Dan proposed it, Grace confirmed it."""
    version = load_framework(source=source or SMALL_FRAMEWORK.read_bytes(), actor=None, at=at)
    about = {"framework": version.digest}
    proposed = make_signature(cast.dan, Statement(type="adoption", digests=about, meaning="proposes", role=Role.CHAIR), at=at)
    confirmed = make_signature(cast.grace, Statement(type="adoption", digests=about, meaning="confirms", role=Role.EXECUTIVE), at=at)
    return adopt(version=version, proposed=proposed, confirmed=confirmed, at=at)


# evaluations

HERON_NAME = "demo/heron"


def make_subject(cast: Cast, slug: str = "heron", *, at: datetime = NOON, **more: Any) -> Subject:
    """A subject Ada registered."""
    return subjects.register_subject(slug=slug, name=slug.capitalize(), actor=cast.ada, at=at, **more)


def make_snapshot(
    cast: Cast,
    subject: Subject,
    label: str = "step 1",
    *,
    confirmed: bool = True,
    names: Sequence[str] = (HERON_NAME,),
    at: datetime = NOON,
    **more: Any,
) -> Snapshot:
    """Weights Ada registered and Ben confirmed."""
    weights = digest(f"{subject.slug} {label}")
    snapshot = subjects.register_snapshot(
        subject=subject, label=label, weights_digest=weights, model_names=names, actor=cast.ada, at=at, **more
    )
    return subjects.confirm_snapshot(snapshot=snapshot, actor=cast.ben, at=at) if confirmed else snapshot


def make_binding(cast: Cast, indicator: str, task: str, *, confirmed: bool = True, at: datetime = NOON, **selector: str) -> Binding:
    """Ada proposed that the accuracy of a task's `exact` scorer measures an indicator, and Ben confirmed it."""
    parts = {"family": "inspect-eval", "task": task, "scorer": "exact", "metric": "accuracy"} | selector
    binding = bindings.propose(indicator=indicator, selector=parts, actor=cast.ada, at=at)
    return bindings.confirm(binding=binding, actor=cast.ben, at=at) if confirmed else binding


def send_file(
    cast: Cast,
    content: bytes,
    subject: Subject,
    snapshot: Snapshot | None = None,
    *,
    name: str = "run.eval",
    at: datetime = NOON,
    **more: Any,
) -> Upload:
    """Ada (or another `actor`) uploads these bytes; nobody has read them yet."""
    more.setdefault("actor", cast.ada)
    upload, _ = uploads.receive(stream=BytesIO(content), filename=name, subject=subject, snapshot=snapshot, at=at, **more)
    return upload


def work_off(at: datetime = NOON) -> None:
    """What the workers would do: deliver the news, read every file, make every assessment, until nothing is left."""
    for _ in range(100):
        files, subjects_due = readings.due(at=at), assessments.due(at=at)
        if not deliver_all(at) and not files and not subjects_due:
            return
        for upload_id in files:
            readings.parse(upload_id=upload_id, at=at)
        for due_id in subjects_due:
            assessments.work(due_id=due_id, at=at)
    raise AssertionError("the work does not come to an end")
