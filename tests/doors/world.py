"""Where the doors are, and the small world they are tried in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from evaluations.models import Arms, Measurement, Subject
from evaluations.services import corrections
from evaluations.services.dossiers import open_dossier
from evaluations.services.results import announce
from evaluations.services.subjects import report_deployment
from frameworks.services import load_framework
from ledger.notary import Notary
from people import services as people
from people.models import Person
from people.saved_views import save_view
from people.words import Role, Scope
from reviews.models import ClockTurn, Delivery
from reviews.reports.exports import make_due, request_export
from reviews.services import imports, motions, outlets
from reviews.services.adoptions import propose_adoption
from reviews.services.badges import make_badge
from reviews.services.boards import found_board, propose_seat
from reviews.services.late_results import LateResults
from tests.doors.rows import PERSONAS, STRANGER
from tests.evaluations.logs import log
from tests.makers import (
    CONFIRMED,
    Cast,
    adopt_framework,
    client_of,
    give_app,
    give_password,
    later,
    make_binding,
    make_people,
    make_person,
    make_snapshot,
    make_subject,
    make_token,
    make_wide_token,
)
from tests.reviews.conftest import WITH_PAPER, Board

# A form as a browser sends it that filled in nothing: not quite empty, so that no view takes it for a page that was merely opened.
FORM = {"data": "csrfmiddlewaretoken=any", "content_type": "application/x-www-form-urlencoded"}
JSON = {"data": "{}", "content_type": "application/json"}


@dataclass
class World:
    """One small world for all rows, built once; every request is rolled back. Rooms put what their addresses name into `things`."""

    cast: Cast
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)
    blobs: Path = Path()

    @property
    def weights(self) -> str:
        return str(self.things["weights"])


# Where a door with parameters stands in that world: the keywords of its address.
PLACES: dict[str, Callable[[World], dict[str, object]]] = {
    "sign_in_link": lambda world: {"secret": world.things["secret"]},
    "people:factor-remove": lambda world: {"pk": world.things["factor"]},
    "people:provider-unlink": lambda world: {"pk": world.cast.ben.pk},
    **dict.fromkeys(("people:view-rename", "people:view-delete"), lambda world: {"pk": world.cast.ben.saved_views.get().pk}),
    "people:token-revoke": lambda world: {"pk": world.cast.ada.api_tokens.get().pk},
    "people:person": lambda world: {"pk": world.cast.ben.pk},
    "people:grant-propose": lambda world: {"pk": world.cast.ben.pk},
    "people:grant-act": lambda world: {"kind": "role", "pk": world.things["grant"].pk, "act": "confirm"},
    "people:link-propose": lambda world: {"pk": world.cast.ben.pk},
    "people:link-act": lambda world: {"pk": world.things["link"].pk, "act": "confirm"},
    "people:account-close": lambda world: {"pk": world.cast.chloe.pk},
    "people:account-reopen": lambda world: {"pk": world.things["closed"].pk},
    "ledger:entry": lambda world: {"seq": 1},
    "api:proof": lambda world: {"seq": 1},
    "api:evaluation": lambda world: {"upload_id": world.things["upload"].pk},
    "api:status": lambda world: {"slug": "heron"},
    "api:case": lambda world: {"case_id": world.things["case"].pk},
    "frameworks:detail": lambda world: {"name": "board", "version": "1"},
    "frameworks:source": lambda world: {"name": "board", "version": "1"},
    "frameworks:changes": lambda world: {"name": "board", "version": "1"},
    "evaluations:upload": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-raw": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-set-aside": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-correct": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:upload-attest": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:correction-sign": lambda world: {"pk": world.things["upload"].pk, "correction_pk": world.things["correction"].pk},
    "evaluations:upload-retry": lambda world: {"pk": world.things["upload"].pk},
    "evaluations:run": lambda world: {"pk": world.things["run"].pk},
    "evaluations:run-set-aside": lambda world: {"pk": world.things["run"].pk},
    "evaluations:measurement-supersede": lambda world: {
        "pk": world.things["run"].pk,
        "measurement_pk": world.things["run"].measurements.first().pk,
    },
    "evaluations:binding-confirm": lambda world: {"pk": world.things["binding"].pk},
    "evaluations:snapshots": lambda world: {"slug": "heron"},
    "evaluations:snapshot-new": lambda world: {"slug": "heron"},
    "evaluations:snapshot-confirm": lambda world: {"slug": "heron", "pk": world.things["snapshot"].pk},
    "evaluations:snapshot-choose": lambda world: {"slug": "heron", "pk": world.things["snapshot"].pk},
    "evaluations:announced-runs": lambda world: {"slug": "heron"},
    "evaluations:announced-run-sign-away": lambda world: {"slug": "heron", "pk": world.things["announced"].pk},
    "reviews:subject-detail": lambda world: {"slug": "heron"},
    "reviews:case-open": lambda world: {"slug": "heron"},
    **dict.fromkeys(
        ("reviews:outlet", "reviews:outlet-rotate", "reviews:outlet-stop", "reviews:outlet-test"),
        lambda world: {"outlet_id": world.things["outlet"].pk},
    ),
    "reviews:delivery-resend": lambda world: {"delivery_id": world.things["delivery"].pk},
    "reviews:feed": lambda world: {"secret": world.things["feed"]},
    "reviews:badge": lambda world: {"slug": "heron"},
    "reviews:badge-new": lambda world: {"slug": "heron"},
    "reviews:badge-outside": lambda world: {"secret": world.things["badge"]},
    "reviews:table-portfolio": lambda world: {"format": "csv"},
    "reviews:table-subject": lambda world: {"slug": "heron", "format": "xlsx"},
    "reviews:table-cases": lambda world: {"format": "xlsx"},
    "reviews:table-case": lambda world: {"number": world.things["case"].number, "format": "csv"},
    "reviews:table-signoffs": lambda world: {"format": "csv"},
    "reviews:table-ledger": lambda world: {"format": "csv"},
    "reviews:halt": lambda world: {"slug": "heron", "scope": "external"},
    **dict.fromkeys(
        (
            "reviews:case-detail",
            "reviews:comment",
            "reviews:recuse",
            "reviews:close",
            "reviews:withdraw",
            "reviews:ask-release",
            "reviews:applicability",
            "reviews:report",
        ),
        lambda world: {"number": world.things["case"].number},
    ),
    **dict.fromkeys(
        ("reviews:vote", "reviews:declare", "reviews:propose"),
        lambda world: {"number": world.things["case"].number, "question_id": world.things["question"].pk},
    ),
    "reviews:report-retry": lambda world: {"export_id": world.things["export"].pk},
    "reviews:work-retry": lambda world: {"kind": "report", "row_id": str(world.things["export"].pk)},
    "reviews:work-retry-all": lambda world: {"kind": "report", "count": 3},
    "reviews:report-download": lambda world: {"export_id": world.things["export"].pk},
    "reviews:safeguard-sign": lambda world: {"implementation_id": world.things["unsigned"].pk},
    **dict.fromkeys(
        ("reviews:safeguard-detail", "reviews:safeguard-change", "reviews:safeguard-retire", "reviews:evidence-attach"),
        lambda world: {"implementation_id": world.things["safeguard"].pk},
    ),
    **dict.fromkeys(
        ("reviews:evidence-file", "reviews:evidence-withdraw"),
        lambda world: {
            "implementation_id": world.things["safeguard"].pk,
            "evidence_id": world.things["safeguard"].evidence.first().pk,
        },
    ),
    "reviews:signoff-revoke": lambda world: {"signoff_id": world.things["signoff"].pk},
    "evaluations:dossier-close": lambda world: {"pk": world.things["dossier"].pk},
    **dict.fromkeys(
        (
            "reviews:motions",
            "reviews:ask-observed-scope",
            "reviews:deployments",
            "reviews:papers",
            "reviews:late-results",
            "reviews:imports",
            "reviews:import-new",
        ),
        lambda world: {"slug": "heron"},
    ),
    "reviews:import-second": lambda world: {"record_id": world.things["imported"].pk},
    "reviews:ask-late-results": lambda world: {"slug": "heron", "indicator": "bio-protocols"},
    "evaluations:arms-new": lambda world: {"pk": world.things["run"].pk, "measurement_pk": world.things["run"].measurements.first().pk},
    "evaluations:arms-confirm": lambda world: {"pk": world.things["arms"].pk},
    "reviews:clock-answer": lambda world: {"turn_id": world.things["turn"].pk},
    "reviews:motion-vote": lambda world: {"motion_id": world.things["motion"].pk},
    **dict.fromkeys(("reviews:paper-file", "reviews:paper-withdraw"), lambda world: {"paper_id": world.things["paper"].pk}),
    "reviews:deployment-end": lambda world: {"deployment_id": world.things["deployment"].pk},
    "api:end_deployment": lambda world: {"deployment_id": world.things["deployment"].pk},
    **dict.fromkeys(("reviews:board", "reviews:seat-propose"), lambda world: {"slug": "council"}),
    **dict.fromkeys(("reviews:seat-confirm", "reviews:seat-leave"), lambda world: {"slug": "council", "seat_id": world.things["seat"].pk}),
    "reviews:adoption-propose": lambda world: {"version_id": world.things["draft"].pk},
    "reviews:adoption-confirm": lambda world: {"adoption_id": world.things["adoption"].pk},
}


# What is sent where nothing sent would only show that nothing was sent: a whole question or form. Else a form goes empty.
SENT: dict[tuple[str, str], Callable[[World], dict[str, Any]]] = {
    ("api:upload_evaluation", "POST"): lambda world: multipart(file=SimpleUploadedFile("run.json", b"{}"), subject="heron"),
    ("api:announce_run", "POST"): lambda world: as_json(subject="heron", indicator="exploits", harness="inspect", run_id="another"),
    **dict.fromkeys((("api:list_subjects", "POST"), ("api:register_subject", "POST")), lambda world: as_json(slug="owl", name="Owl")),
    ("api:ask_gate", "GET"): lambda world: {"QUERY_STRING": f"artefact={world.weights}&scope=external"},
    ("api:authorise", "POST"): lambda world: as_json(artefact=world.weights, scope="external"),
    **dict.fromkeys(
        (("api:list_deployments", "POST"), ("api:report_deployment", "POST")),
        lambda world: as_json(artefact=world.weights, scope="external", since=timezone.now().isoformat()),
    ),
    ("api:end_deployment", "POST"): lambda world: as_json(until=timezone.now().isoformat()),
    ("reviews:report", "POST"): lambda world: FORM | {"data": "kind=json"},
}


def as_json(**told: object) -> dict[str, Any]:
    return JSON | {"data": json.dumps(told)}


def multipart(**told: object) -> dict[str, Any]:
    return {"data": encode_multipart(BOUNDARY, told), "content_type": MULTIPART_CONTENT}


def build_board(world: World) -> None:
    """A model whose evidence rose, the case that opened, a safeguard built and signed, and one of everything that waits for somebody."""
    cast = world.cast
    version = adopt_framework(cast, WITH_PAPER)
    make_binding(cast, "bio-protocols", "bio_protocols")
    make_binding(cast, "exploits", "exploits")
    subject = make_subject(cast)
    board = Board(cast, version, subject, make_snapshot(cast, subject, is_release_candidate=True))
    case = board.rise()
    safeguard = board.build("asl-3-security-1")
    draft = load_framework(source=WITH_PAPER.replace(b"revision: 1", b"revision: 2"), actor=None, at=board.now())
    proposed = load_framework(source=WITH_PAPER.replace(b"revision: 1", b"revision: 3"), actor=None, at=board.now())
    upload = board.send(log("exploits", right=1, run="not-countersigned"))
    board.work()
    council = found_board(slug="council", name="The council", framework_name="board", actor=cast.dan, at=board.now())
    late = board.send(log("bio_extra", right=1, run="before-its-binding"))
    board.work()
    make_binding(cast, "bio-protocols", "bio_extra", at=board.now())
    board.work()
    at = board.now()
    motion = motions.propose(
        subject=subject,
        framework_version=version,
        asks=LateResults("bio-protocols", list(Measurement.objects.filter(run__upload=late, metric="accuracy"))),
        reason="The task was fixed.",
        actor=cast.dan,
        user=cast.dan.user,
        confirmation=CONFIRMED,
        at=at,
    )
    world.things |= {
        "board": board,
        "weights": board.snapshot.weights_digest,
        "motion": motion,
        "imported": imports.attest(
            subject=subject,
            framework_version=version,
            threshold="bio-4",
            verdict="not_crossed",
            source_digest="sha256:" + "0" * 64,
            source_place="Minutes, page 1",
            note="I compared it.",
            true_at=later(days=-300),
            expires_at=later(days=99_999),
            actor=cast.ben,
            user=cast.ben.user,
            confirmation=CONFIRMED,
            at=at,
        ),
        "arms": Arms.objects.create(
            measurement=Measurement.objects.filter(run__upload=upload).first(),
            **{f"{arm}_{name}": value for arm in ("treatment", "control") for name, value in (("mean", "1"), ("stderr", "1"), ("n", 2))},
            dossier_digest="sha256:" + "0" * 64,
            dossier_place="Page 1",
            proposed_by=cast.ada,
            proposed_at=at,
        ),
        "turn": ClockTurn.objects.create(framework_name="board", clock="yearly", effect="review", begun_at=at, due_at=later(days=30)),
        "seat": propose_seat(board=council, person=cast.ben, role="reviewer", actor=cast.dan, at=board.now()),
        "binding": make_binding(cast, "exploits", "exploits_too", confirmed=False, at=board.now()),
        "snapshot": make_snapshot(cast, subject, "step 2", confirmed=False, at=board.now()),
        "upload": upload,
        "run": upload.runs.get(),
        "case": case,
        "question": case.questions.first(),
        "safeguard": safeguard,
        "paper": board.supply(),
        "signoff": board.sign_off(cast.chloe, safeguard),
        "unsigned": board.build("asl-3-deployment-1"),
        "announced": announce(subject=subject, indicator="exploits", harness="inspect", external_id="soon", actor=cast.ada, at=board.now()),
        "deployment": report_deployment(snapshot=board.snapshot, scope="internal", since=board.now(), actor=cast.farid, at=board.now()),
        # Of another model than the one the rows are about, which does not exist for an outside evaluator.
        "dossier": open_dossier(
            subject=make_subject(cast, "egret", at=board.now()), person=cast.lena, until_at=later(days=999), actor=cast.dan, at=board.now()
        ),
        "draft": draft,
        "adoption": propose_adoption(
            version=proposed, rationale="It says more.", actor=cast.dan, user=cast.dan.user, confirmation=CONFIRMED, at=board.now()
        ),
        "export": request_export(case=case, kind="json", actor=cast.hana, at=board.now()),
    }
    world.things["correction"] = corrections.propose(
        upload=upload, snapshot=world.things["snapshot"], reason="It was a later step.", actor=cast.ada, at=board.now()
    )
    assert make_due(at=board.now()) == 1


def build_people(world: World) -> None:
    """A proposal and a link by Jun, which others may confirm, and a link of Kai's that opens. Links and tokens live at now, so they come last."""
    cast, now = world.cast, timezone.now()
    told = {"label": "Pager", "address": "https://hooks.example/x", "topics": ["gate"], "confirmation": CONFIRMED}
    world.things["outlet"], _ = outlets.add_webhook(actor=cast.ivo, user=cast.ivo.user, at=now, **told)
    world.things["delivery"] = outlets.send_test(outlet=world.things["outlet"], actor=cast.ivo, at=now)
    Delivery.objects.update(state="dead")
    save_view(name="Waiting", place="/uploads/", query="state=received", actor=cast.ben, at=now)
    world.things["grant"] = people.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.jun, at=now)
    world.things["link"] = people.propose_link(user=cast.chloe.user, actor=cast.jun, at=now)
    world.things["feed"] = make_token(cast.chloe, Scope.FEED_READ)
    world.things["badge"] = make_badge(subject=Subject.objects.get(slug="heron"), actor=cast.chloe, confirmation=CONFIRMED, at=now)
    world.things["closed"] = make_person("Olga", at=now)
    people.close_user(user=world.things["closed"].user, actor=cast.ivo, at=now)
    give_app(cast.kai, at=now)
    world.things["factor"] = Authenticator.objects.get(user=cast.kai.user, type=Authenticator.Type.TOTP).pk
    Notary(world.blobs / "checkpoint.key").sign(at=now)
    _, world.things["secret"] = people.persona_link(user=cast.kai.user, at=now)


def build_world(blobs: Path) -> World:
    cast = make_people()
    built = World(cast, blobs=blobs)
    # Before the board's clock moves on: without a password half of the sign-in pages would lead elsewhere.
    visitors = {role: getattr(cast, name) for role, name in PERSONAS.items()} | {STRANGER: cast.eve}
    for person in (*visitors.values(), cast.chloe):
        give_password(person)
    build_board(built)
    build_people(built)
    for visitor, person in visitors.items():
        built.sessions[visitor] = session_of(person)
        if visitor != STRANGER:
            built.tokens[visitor] = make_wide_token(person)
    return built


def session_of(person: Person) -> str:
    client = client_of(person)
    return client.cookies["asl_session"].value


# How the doors are found


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    parameters: frozenset[str]

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")


def doors(patterns: list[URLPattern | URLResolver] | None = None, route: str = "", space: str = "") -> Iterator[Door]:
    """Every address the portal knows, by its name; one without a name goes by its route."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from doors(one.url_patterns, here, f"{space}{one.namespace}:" if one.namespace else space)
        else:
            name = f"{space}{one.name}" if one.name else here
            yield Door(name, here, frozenset(re.findall(r"<(?:[a-z_.]+:)?(\w+)>", here)))


DOORS = {door.name: door for door in doors()}


def address(door: Door, world: World) -> str:
    keywords = PLACES[door.name](world) if door.name in PLACES else {}
    assert door.parameters == set(keywords), (
        f"{door.name} ({door.route}) has the parameters {sorted(door.parameters)}.\n"
        f'Add to PLACES in tests/doors/world.py:\n    "{door.name}": lambda world: {{{", ".join(f"{p!r}: …" for p in sorted(door.parameters))}}},'
    )
    return reverse(door.name, kwargs=keywords) if ":" in door.name or not door.route.endswith(door.name) else f"/{door.route}"
