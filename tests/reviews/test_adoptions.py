"""A framework version comes into force by two signatures: the chair's and an executive's."""

import pytest

from frameworks.queries import in_force
from frameworks.services import load_framework
from ledger.models import Entry
from ledger.refusals import NotAllowed
from people.confirming import Confirmation, CredentialNotConfirmed
from people.models import Signature
from reviews.models import Adoption
from reviews.services.adoptions import AdoptionNotNow, AdoptionReasonMissing, confirm_adoption, propose_adoption
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
