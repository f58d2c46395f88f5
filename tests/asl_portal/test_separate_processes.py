"""The roles as a site runs them: two web processes, three workers, a scheduler and a signer, against the system's own PostgreSQL and Redis, every one of them
killed once while evaluations arrive. Afterwards nothing is lost and nothing is doubled."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.processes import eventually
from tests.site import LEASES_OVER, PROCESSES, WORKERS, Site, built_site

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]

# What stands before the first upload: a framework in force, bindings, confirmed weights, somebody outside who is told of cases, and a token of Ada's.
WORLD = """
from ledger.clock import shared_now
from people.words import Scope
from reviews.services import outlets
from tests.evaluations.conftest import make_world
from tests.makers import CONFIRMED, give_password, make_token
world = make_world()
ivo = world.cast.ivo
give_password(ivo, at=shared_now())
told = {{"label": "Pager", "address": "{address}", "topics": ["cases", "gate"], "confirmation": CONFIRMED}}
outlets.add_webhook(actor=ivo, user=ivo.user, at=shared_now(), **told)
print(make_token(world.cast.ada, *Scope.values))
"""
COUNTED = """
import json
from collections import Counter
from evaluations import documents
from evaluations.models import Assessment, AssessmentDue, ParseAttempt, Run, Upload
from ledger.models import Checkpoint, Entry, Head
from reviews.models import Delivery, Notice
kinds = Counter(Entry.objects.values_list("kind", flat=True))
made = list(Assessment.objects.order_by("seq"))
seen = documents.content(made[-1].evidence_digest)["measurements"]
mails = Notice.objects.filter(channel="mail")
print(json.dumps({
    "states": {str(pk): state for pk, state in Upload.objects.values_list("pk", "state")},
    "runs": Run.objects.count(), "readings": ParseAttempt.objects.count(), "kinds": kinds,
    "assessments": [[each.inputs_digest, each.supersedes_id and str(each.supersedes_id), str(each.pk)] for each in made],
    "assessed": Counter(each["place"]["upload"] for each in seen),
    "due": Counter(AssessmentDue.objects.values_list("state", flat=True)),
    "refusals": mails.filter(kind="upload_rejected").count(), "mails": list(mails.values_list("message_id", flat=True)),
    "notices": Counter(f"{n.entry_seq} {n.person_id} {n.kind} {n.question_id}" for n in Notice.objects.filter(channel="inbox")),
    "deliveries": [each.message_id for each in Delivery.objects.all()],
    "signed": Checkpoint.objects.order_by("-size").values_list("size", flat=True).first(), "size": Head.objects.get().size,
}))
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with built_site(tmp_path) as site:
        yield site


def test_with_every_process_killed_once_every_upload_is_assessed_once_every_notice_sent_once_and_answers_go_on(site: Site) -> None:
    assert int(site.servers.postgresql) >= 15
    site.token = site.run(WORLD.format(address=f"{site.outside.address}/hook")).split()[-1]
    site.start(*PROCESSES)
    eventually(lambda: site.ask("/readyz")[0] == 200)
    numbers, killed = count(), []
    ids = _bring(site, numbers, 4)

    for name in ("web-0", "web-1", "scheduler", "signer"):
        site.kill(name)
        killed.append(name)
        ids += _bring(site, numbers, 4)
        site.start(name)

    # Each worker has a piece of work in its hand for certain, and dies with it; nobody is there any more, and uploads go on being accepted.
    with site.nobody_stores() as watching:
        ids += _bring(site, numbers, 5)
        eventually(lambda: site.in_hand(watching) == set(WORKERS))
        for name in WORKERS:
            site.kill(name)
            killed.append(name)
            ids += _bring(site, numbers, 1)
    assert sorted(killed) == sorted(PROCESSES)
    site.run(LEASES_OVER)
    site.start(*WORKERS)

    eventually(site.is_settled, seconds=90)
    assert len(set(ids)) == next(numbers)
    _nothing_is_lost_or_doubled(site, ids, json.loads(site.run(COUNTED)))
    assert "each giving the hash that was sealed" in site.manage("verify_ledger")
    site.manage("replay")


def _bring(site: Site, numbers: Iterator[int], many: int) -> list[str]:
    """So many uploads; after each the gate is asked, and says no."""
    ids = []
    for _ in range(many):
        ids.append(site.upload(next(numbers)))
        status, gate = site.ask("/api/v1/gate?scope=external&subject=heron")
        assert (status, gate["allowed"]) == (200, False)
    return ids


def _nothing_is_lost_or_doubled(site: Site, ids: list[str], counted: dict[str, Any]) -> None:
    states, kinds = counted["states"], counted["kinds"]
    read = [pk for pk in ids if states[pk] == "parsed"]
    assert states.keys() == set(ids) and Counter(states.values()) == {"parsed": len(read), "rejected": len(ids) // 4}
    assert counted["runs"] == counted["readings"] == kinds["evaluations:upload:parsed"] == len(read)
    assert (kinds["evaluations:upload:received"], kinds["evaluations:upload:rejected"]) == (len(ids), len(ids) - len(read))

    # Each accepted result stands in the latest assessment once; no two of its predecessors say the same, and each supersedes the one before.
    assert counted["assessed"] == dict.fromkeys(read, 1)
    made = counted["assessments"]
    assert len(made) == kinds["evaluations:assessment:made"] == len({inputs for inputs, _, _ in made})
    assert [before for _, before, _ in made] == [None, *(pk for _, _, pk in made[:-1])]
    assert counted["due"].keys() == {"done"}

    # Each notice is one mail and one line of an inbox, each delivery one request, and all of the record is signed.
    assert counted["refusals"] == len(ids) - len(read)
    assert Counter(str(mail["Message-ID"]) for mail in site.sink.messages) == Counter(counted["mails"])
    assert set(counted["notices"].values()) == {1} and len(counted["mails"]) > counted["refusals"]
    assert Counter(request["headers"]["webhook-id"] for request in site.outside.got) == Counter(counted["deliveries"])
    assert counted["deliveries"] and counted["signed"] == counted["size"]
