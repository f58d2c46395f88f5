"""The small world most tests of this room begin in."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from evaluations import documents, queries
from evaluations.models import Assessment, Snapshot, Subject, Upload
from evaluations.services import uploads
from frameworks.models import FrameworkVersion
from tests.conftest import WorldOnce
from tests.makers import Cast, adopt_framework, later, make_binding, make_people, make_snapshot, make_subject, send_file, work_off

ADOPTED, READY = later(), later(minutes=10)


@dataclass
class World:
    """A framework in force with its bindings, a subject, confirmed weights. Verbs of the tests' people, five minutes apart."""

    cast: Cast
    framework: FrameworkVersion
    subject: Subject
    snapshot: Snapshot
    minutes: int = 10

    def now(self) -> Any:
        self.minutes += 5
        return later(minutes=self.minutes)

    def send(self, content: bytes, *, countersigned: bool = True, **more: Any) -> Upload:
        """Ada uploads, Ben confirms the particulars, the workers work."""
        at = self.now()
        upload = send_file(self.cast, content, self.subject, more.pop("snapshot", self.snapshot), at=at, **more)
        if countersigned:
            upload = uploads.countersign(upload=upload, actor=self.cast.ben, at=at)
        self.work()
        upload.refresh_from_db()
        return upload

    def work(self) -> None:
        work_off(self.now())

    @property
    def assessment(self) -> Assessment:
        found = queries.latest_assessment(self.subject, self.framework.name)
        assert found is not None
        return found

    @property
    def outcomes(self) -> dict[str, str]:
        return dict(self.assessment.summary)


@pytest.fixture(scope="module")
def built_world(world_once: WorldOnce) -> Iterator[World]:
    """The world, built once for all tests of a module."""
    with world_once():
        yield make_world()


@pytest.fixture
def world(built_world: World, db: None) -> World:
    return deepcopy(built_world)


def reasons_of(world: World, threshold: str = "bio-3") -> set[str]:
    """Every code in the reason tree of a threshold, the measurements' own included."""
    content = documents.content(world.assessment.assessment_digest)
    (found,) = (one for one in content["thresholds"] if one["slug"] == threshold)
    codes: set[str] = set()

    def walk(node: dict) -> None:
        codes.update(reason["code"] for reason in node["reasons"])
        for measured in node.get("measurements", []):
            codes.update(reason["code"] for reason in measured["reasons"])
        for child in node["children"]:
            walk(child)

    walk(found["tree"])
    return codes


def make_world(*, bound: bool = True, required: bool = False) -> World:
    cast = make_people("ada", "ben", "chloe", "dan", "grace", "lena", "hana", "farid")
    framework = adopt_framework(cast, at=ADOPTED)
    if bound:
        make_binding(cast, "bio-protocols", "bio_protocols", at=READY)
        make_binding(cast, "exploits", "exploits", at=READY)
    subject = make_subject(cast, at=READY)
    snapshot = make_snapshot(cast, subject, at=READY, is_release_candidate=required)
    world = World(cast, framework, subject, snapshot)
    world.work()
    return world
