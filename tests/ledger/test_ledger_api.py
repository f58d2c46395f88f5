import uuid

import pytest
from django.test import Client
from django.utils import timezone

from ledger import services, tree
from ledger.notary import Notary
from tests.makers import NOON, give_clearance, later, make_people, make_token

STONE = f"stone:{uuid.UUID(int=7)}"


@pytest.fixture
def cast(db):
    return make_people("ada", "lena")


def _lay(person):
    return services.append(
        kind="tests:stone:laid",
        thing=STONE,
        actor=person.pk,
        at=later(hours=1),
        fields={"height": 3, "recipe": "lime-and-sand"},
        classes={"recipe": "hazard"},
    )


def _get(person, address, *scopes):
    # The API asks the real clock whether a token still lives.
    token = make_token(person, *(scopes or ("ledger:read",)), at=timezone.now())
    return Client().get(f"/api/v1/ledger/{address}", headers={"Authorization": f"Bearer {token}"})


def test_entries_are_given_in_order_with_what_verifies_them(cast):
    entry = _lay(cast.ada)
    answer = _get(cast.ada, f"entries?start={entry.seq}&limit=1").json()
    (given,) = answer["entries"]
    assert given["entry"]["seq"] == entry.seq
    assert given["entry"]["recorded_at"] == "2026-05-22T13:00:00.000000Z"
    assert given["leaf"] == entry.leaf_hash.hex()
    height, recipe = given["fields"]
    assert (height["value"], len(height["salt"])) == (3, 32)
    assert recipe["withheld"]
    assert "value" not in recipe
    assert answer["next"] == entry.seq + 1
    last = _get(cast.ada, "entries?start=0&limit=500").json()
    assert last["next"] is None
    assert [one["entry"]["seq"] for one in last["entries"]] == list(range(services.size()))


def test_a_hazardous_value_is_given_to_a_cleared_person(cast):
    entry = _lay(cast.ada)
    give_clearance(cast, cast.ada, at=later(hours=2))
    (given,) = _get(cast.ada, f"entries?start={entry.seq}&limit=1").json()["entries"]
    assert given["fields"][1]["value"] == "lime-and-sand"


def test_a_proof_leads_from_the_leaf_to_the_root(cast):
    entry = _lay(cast.ada)
    given = _get(cast.ada, f"proof/{entry.seq}").json()
    tree.verify_inclusion(
        leaf=bytes.fromhex(given["leaf"]),
        index=given["seq"],
        size=given["size"],
        proof=[bytes.fromhex(item) for item in given["hashes"]],
        root=bytes.fromhex(given["root"]),
    )
    assert given["leaf"] == entry.leaf_hash.hex()


def test_the_checkpoint_is_given_as_plain_text(cast, tmp_path):
    signed = Notary(tmp_path / "key").sign(at=later(hours=3))
    answer = _get(cast.ada, "checkpoint")
    assert answer.content.decode() == signed.note
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("address", ["entries", "proof/0", "checkpoint"])
def test_only_a_token_with_the_scope_of_a_person_inside_reads_the_record(cast, tmp_path, address):
    Notary(tmp_path / "key").sign(at=NOON)
    assert _get(cast.ada, address).status_code == 200
    assert _get(cast.ada, address, "cases:read").status_code == 403
    assert _get(cast.lena, address).status_code == 404
    assert Client().get(f"/api/v1/ledger/{address}").status_code == 401


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("entries?start=-1", 422),
        ("entries?limit=0", 422),
        ("entries?limit=501", 422),
        ("entries?start=1e28", 422),
        ("proof/9999", 404),
        ("proof/-1", 422),
    ],
)
def test_a_call_that_cannot_be_answered_gets_a_problem_document(cast, address, status):
    answer = _get(cast.ada, address)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["status"] == status
