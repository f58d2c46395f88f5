"""A framework version comes into force by two signatures: the chair's and an executive's."""

import pytest

from frameworks.queries import in_force
from frameworks.services import load_framework
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.confirming import Confirmation, CredentialNotConfirmed
from people.models import Signature
from reviews.models import Adoption
from reviews.services.adoptions import AdoptionNotNow, AdoptionReasonMissing, AnotherFrameworkInForce, confirm_adoption, propose_adoption
from reviews.waiting import waiting_on
from tests.makers import CONFIRMED, NOON, Cast, give_password, make_people
from tests.reviews.conftest import FRAMEWORK

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cast = make_people("ben", "dan", "grace")
    for person in (cast.ben, cast.dan, cast.grace):
        give_password(person)
    return cast


def propose(cast: Cast, who: str = "dan", **more: str) -> Adoption:
    person = getattr(cast, who)
    version = load_framework(source=FRAMEWORK, actor=None, at=NOON)
    told = {"rationale": "It is due.", "confirmation": CONFIRMED} | more
    return propose_adoption(version=version, actor=person, user=person.user, at=NOON, **told)


def confirm(cast: Cast, adoption: Adoption, who: str = "grace") -> Adoption:
    person = getattr(cast, who)
    return confirm_adoption(adoption=adoption, actor=person, user=person.user, confirmation=CONFIRMED, at=NOON)


def test_the_chair_proposes_an_executive_confirms_and_the_version_is_in_force(cast: Cast) -> None:
    adoption = propose(cast)
    assert in_force("board") is None
    assert [each.kind for each in waiting_on(cast.grace, NOON)] == ["confirm_adoption"]
    confirm(cast, adoption)
    assert in_force("board") == adoption.version
    kinds = set(Entry.objects.filter(kind__startswith="reviews:adoption").exclude(kind__endswith=":refused").values_list("kind", flat=True))
    assert kinds == {"reviews:adoption:proposed", "reviews:adoption:confirmed"}
    with pytest.raises(AdoptionNotNow):
        confirm(cast, adoption)


def test_a_second_framework_beside_the_one_in_force_is_refused_for_it_would_shut_every_gate(cast: Cast) -> None:
    second = load_framework(source=FRAMEWORK.replace(b"name: board\n", b"name: second\n"), actor=None, at=NOON)
    told = {"rationale": "We follow it too.", "confirmation": CONFIRMED, "at": NOON}
    early = propose_adoption(version=second, actor=cast.dan, user=cast.dan.user, **told)
    confirm(cast, propose(cast))
    with pytest.raises(AnotherFrameworkInForce) as refused:
        confirm(cast, early)
    assert "is in force under the name board" in refused.value.sentence and in_force("second") is None
    assert not waiting_on(cast.grace, NOON), "what would be refused waits for nobody"
    third = load_framework(source=FRAMEWORK.replace(b"name: board\n", b"name: third\n"), actor=None, at=NOON)
    with pytest.raises(AnotherFrameworkInForce):
        propose_adoption(version=third, actor=cast.dan, user=cast.dan.user, **told)


@pytest.mark.parametrize("who", ["ben", "grace"])
def test_others_do_not_propose(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        propose(cast, who)


@pytest.mark.parametrize("who", ["ben", "dan"])
def test_others_do_not_confirm(cast: Cast, who: str) -> None:
    adoption = propose(cast)
    with pytest.raises(NotAllowed):
        confirm(cast, adoption, who)
    assert in_force("board") is None


def test_a_refused_proposal_leaves_no_signature(cast: Cast) -> None:
    with pytest.raises(AdoptionReasonMissing):
        propose(cast, rationale=" ")
    with pytest.raises(CredentialNotConfirmed):
        propose(cast, confirmation=Confirmation("guessed wrongly"))
    assert not Signature.objects.exists()
    propose(cast)
    with pytest.raises(AdoptionNotNow):
        propose(cast)
