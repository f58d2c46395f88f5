"""Loading a framework and putting it into force."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from frameworks import queries
from frameworks.models import FrameworkVersion, IndicatorVersion
from frameworks.services import AdoptionNotSigned, FrameworkRejected, NotADraft, RevisionTaken, adopt, load_framework
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.models import Person, Signature
from people.signing import Statement
from people.words import Role
from tests.makers import NOON, Cast, later, make_people, make_signature

pytestmark = pytest.mark.django_db
CATALOG = Path(__file__).parents[2] / "frameworks" / "catalog" / "anthropic-rsp-2.2.yaml"


@pytest.fixture
def cast() -> Cast:
    return make_people("ada", "ben", "dan", "grace")


def _load(source: bytes | None = None, **options: object) -> FrameworkVersion:
    return load_framework(source=source or CATALOG.read_bytes(), actor=None, at=options.get("at", NOON))


def _signed(person: Person, version: FrameworkVersion, meaning: str, role: str, digest: str = "") -> Signature:
    about = {"version": str(version.pk), "framework": digest or version.digest}
    return make_signature(person, Statement(type="adoption", digests=about, meaning=meaning, role=role), at=NOON)


def _adopt(cast: Cast, version: FrameworkVersion) -> FrameworkVersion:
    proposed, confirmed = _signed(cast.dan, version, "proposes", Role.CHAIR), _signed(cast.grace, version, "confirms", Role.EXECUTIVE)
    return adopt(version=version, proposed=proposed, confirmed=confirmed, at=NOON)


def _revised(old: str = "revision: 1", new: str = "revision: 2", *more: tuple[str, str]) -> bytes:
    text = CATALOG.read_text().replace(old, new, 1)
    for before, after in more:
        assert before in text
        text = text.replace(before, after, 1)
    return text.encode()


def test_a_loaded_framework_is_a_draft_with_its_bytes_and_its_indicators_unregistered(cast: Cast) -> None:
    version = _load()
    assert version.status == "draft" and version.source == CATALOG.read_bytes() and version.document.digest == version.digest
    assert queries.in_force("anthropic-rsp") is None
    assert (
        IndicatorVersion.objects.count() == len(version.document.indicators) == 25
        and not IndicatorVersion.objects.exclude(registered_seq=None).exists()
    )
    assert IndicatorVersion.objects.get(slug="swe-hard").definition["slug"] == "swe-hard"


def test_loading_enters_exactly_one_entry_and_loading_again_none(cast: Cast) -> None:
    before = Entry.objects.count()
    first = _load()
    assert list(Entry.objects.order_by("seq").values_list("kind", flat=True))[before:] == ["frameworks:version:loaded"]
    assert _load(at=later(hours=1)) == first and Entry.objects.count() == before + 1


def test_another_document_under_the_same_revision_is_refused_and_a_new_revision_is_taken(cast: Cast) -> None:
    _load()
    changed = ("Three reviewers approve, one of them from outside.", "Three reviewers approve.")
    with pytest.raises(RevisionTaken):
        _load(_revised("revision: 1", "revision: 1", changed))
    assert _load(_revised("revision: 1", "revision: 2", changed)).revision == 2


def test_a_document_that_is_none_is_refused_with_its_places(cast: Cast) -> None:
    with pytest.raises(FrameworkRejected) as refused:
        _load(CATALOG.read_bytes().replace(b"{indicator: swe-hard}", b"{indicator: swe-soft}"))
    assert refused.value.problems[0].path.startswith("thresholds/4/rule") and "swe-soft" in refused.value.sentence


def test_the_chair_loads_and_a_researcher_does_not(cast: Cast) -> None:
    assert load_framework(source=CATALOG.read_bytes(), actor=cast.dan, at=NOON).loaded_by == cast.dan
    with pytest.raises(NotAllowed):
        load_framework(source=CATALOG.read_bytes(), actor=cast.ada, at=NOON)


def test_two_signatures_put_a_draft_into_force_and_register_its_indicators(cast: Cast) -> None:
    version = _adopt(cast, _load())
    entry = Entry.objects.order_by("seq").last()
    assert entry is not None and entry.kind == "frameworks:version:adopted" and entry.seq == version.adopted_seq
    assert queries.in_force("anthropic-rsp") == version and list(queries.in_force_versions()) == [version]
    assert set(IndicatorVersion.objects.values_list("registered_seq", flat=True)) == {entry.seq}
    with pytest.raises(NotADraft):
        _adopt(cast, version)


@pytest.mark.parametrize("flaw", ["one person", "other document", "wrong meaning", "no such role"])
def test_without_two_fitting_signatures_nothing_comes_into_force(cast: Cast, flaw: str) -> None:
    version = _load()
    proposed, confirmed = _signed(cast.dan, version, "proposes", Role.CHAIR), _signed(cast.grace, version, "confirms", Role.EXECUTIVE)
    if flaw == "one person":
        confirmed = _signed(cast.dan, version, "confirms", Role.CHAIR)
    elif flaw == "other document":
        confirmed = _signed(cast.grace, version, "confirms", Role.EXECUTIVE, digest="sha256:" + "0" * 64)
    elif flaw == "wrong meaning":
        confirmed = _signed(cast.grace, version, "proposes", Role.EXECUTIVE)
    else:
        proposed = _signed(cast.ben, version, "proposes", Role.REVIEWER)
    with pytest.raises(AdoptionNotSigned):
        adopt(version=version, proposed=proposed, confirmed=confirmed, at=NOON)
    assert queries.in_force("anthropic-rsp") is None


def test_a_successor_supersedes_and_an_unchanged_indicator_keeps_its_date(cast: Cast) -> None:
    first = _adopt(cast, _load())
    moved = ("rule_out: {at: 0.20, rules_out: below", "rule_out: {at: 0.25, rules_out: below")
    second = _adopt(cast, _load(_revised("revision: 1", "revision: 2", moved)))
    first.refresh_from_db()
    assert first.status == "superseded" and second.predecessor == first and queries.in_force("anthropic-rsp") == second
    assert list(queries.adopted_versions()) == [first, second]
    seqs = list(IndicatorVersion.objects.filter(slug="metr-dedup").order_by("registered_seq").values_list("registered_seq", flat=True))
    assert seqs == [first.adopted_seq, second.adopted_seq]
    assert [each.registered_seq for each in IndicatorVersion.objects.filter(slug="swe-hard")] == [first.adopted_seq]


def test_the_database_refuses_to_change_what_was_loaded(cast: Cast) -> None:
    version = _adopt(cast, _load())
    for change in ({"digest": "sha256:" + "1" * 64}, {"status": "draft"}, {"adopted_seq": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            FrameworkVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        IndicatorVersion.objects.filter(slug="swe-hard").update(registered_seq=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


def test_the_command_stores_a_draft_and_names_what_is_wrong(cast: Cast, tmp_path: Path) -> None:
    assert "is stored as draft: sha256:" in call_command("load_framework", str(CATALOG))
    broken = tmp_path / "broken.yaml"
    broken.write_text("format: asl-framework/1\n")
    with pytest.raises(CommandError, match="required property"):
        call_command("load_framework", str(broken))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_framework", str(tmp_path / "absent.yaml"))
