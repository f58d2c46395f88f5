import uuid
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from ledger import delivery, queries, sentences, services, verify_export
from ledger.models import Entry, Verification
from ledger.notary import Notary
from ledger.sentences import describe
from tests.makers import NOON, client_of, give_clearance, give_role, make_people

STONE = f"stone:{uuid.UUID(int=7)}"


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(sentences, "_templates", dict(sentences._templates))
    describe("tests:stone:laid", "{actor} laid a stone {height} high with {recipe}.")
    return make_people("ada", "hana", "lena", "eve")


def _lay(person, height=3, thing=STONE, later=timedelta(hours=1)):
    return services.append(
        kind="tests:stone:laid",
        thing=thing,
        actor=person.pk,
        role="mason",
        at=NOON + later,
        fields={"height": height, "recipe": "lime-and-sand", "born": "Ada-in-May"},
        classes={"height": "public", "recipe": "hazard", "born": "personal"},
    )


def _client(person) -> Client:
    client = client_of(person)
    return client


def _page(person, name="ledger:list", *args, **query) -> str:
    answer = _client(person).get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_the_list_tells_entries_as_sentences_newest_first(cast):
    _lay(cast.ada, height=3)
    _lay(cast.ada, height=4)
    page = _page(cast.ada)
    assert "Ada laid a stone 4 high with [withheld]." in page
    assert page.index("stone 4 high") < page.index("stone 3 high")
    assert "lime-and-sand" not in page


def test_the_list_is_filtered_by_kind_thing_actor_and_day_in_the_address(cast):
    _lay(cast.ada, height=3)
    _lay(cast.hana, height=4, thing=f"stone:{uuid.UUID(int=8)}", later=timedelta(days=2))
    assert _found(cast, kind="tests:stone:laid") == {3, 4}
    assert _found(cast, thing=STONE) == {3}
    assert _found(cast, actor=str(cast.hana.pk)) == {4}
    assert _found(cast, since="2026-05-23") == {4}
    assert _found(cast, until="2026-05-22") == {3}
    assert _found(cast, since="2026-05-22", until="2026-05-24") == {3, 4}
    assert _found(cast, since="2026-05-25") == set()
    assert _found(cast, kind="ledger:log:opened") == set()
    assert "No entry fits" in _page(cast.ada, thing="stone:none")


def _found(cast, **query) -> set[int]:
    page = _page(cast.ada, **query)
    return {height for height in (3, 4) if f"stone {height} high" in page}


def test_the_first_and_the_last_day_of_the_calendar_are_days_like_any_other(cast):
    _lay(cast.ada)
    everything = _found(cast)
    assert everything and _found(cast, since="0001-01-01", until="9999-12-31") == everything
    assert _found(cast, since="9999-12-31") == _found(cast, until="0001-01-01") == set()
    entries = Entry.objects.count()
    table = b"".join(_client(cast.ada).post("/tables/ledger.csv?since=0001-01-01").streaming_content).decode()
    assert table.rstrip().endswith(f"# Rows: {entries}"), "a table that breaks off says so by having no last line"


@pytest.mark.parametrize("query", [{"kind": "no:such:kind"}, {"since": "yesterday"}, {"actor": "Ada"}, {"before": "-1"}])
def test_a_filter_that_cannot_be_read_says_so_and_shows_nothing(cast, query):
    _lay(cast.ada)
    page = _page(cast.ada, **query)
    assert "laid a stone" not in page
    assert "error" in page


def test_a_long_list_goes_on_from_where_the_page_ended(cast):
    for height in range(queries.PAGE + 5):
        _lay(cast.ada, height=height)
    first = _page(cast.ada, kind="tests:stone:laid")
    assert "stone 54 high" in first
    assert "stone 5 high" in first
    assert "stone 4 high" not in first
    before = Entry.objects.order_by("-seq")[queries.PAGE - 1].seq
    assert f"before={before}" in first
    second = _page(cast.ada, kind="tests:stone:laid", before=before)
    assert "stone 4 high" in second
    assert "stone 5 high" not in second
    assert "Older entries" not in second


def test_the_list_shows_what_is_signed_and_what_was_verified(cast, tmp_path):
    assert "No checkpoint has been signed yet" in _page(cast.ada)
    assert "has not been recomputed yet" in _page(cast.ada)
    Notary(tmp_path / "key").sign(at=NOON)
    services.record_verification(at=NOON)
    page = _page(cast.ada)
    assert "Nothing since." in page
    assert "has not been recomputed yet" not in page
    _lay(cast.ada)
    assert "1 entry since." in _page(cast.ada)


def test_an_entry_shows_its_bytes_its_fields_and_its_proof(cast):
    entry = _lay(cast.ada)
    page = _page(cast.ada, "ledger:entry", entry.seq)
    assert "Ada laid a stone 3 high" in page
    assert entry.leaf_hash.hex() in page
    assert bytes(services.head().root).hex() in page
    for item in queries.inclusion(entry.seq).hashes:
        assert item.hex() in page
    assert "&quot;kind&quot;:&quot;tests:stone:laid&quot;" in page
    assert "does not fit" not in page


def test_hazardous_and_personal_values_are_shown_to_those_who_may_see_them(cast):
    entry = _lay(cast.ada)

    def seen(person) -> tuple[bool, bool]:
        page = _page(person, "ledger:entry", entry.seq)
        return "lime-and-sand" in page, "Ada-in-May" in page

    assert seen(cast.ada) == (False, False)
    assert seen(cast.hana) == (False, True)
    give_clearance(cast, cast.ada, at=NOON + timedelta(hours=2))
    assert seen(cast.ada) == (True, True)


def test_a_purged_value_is_shown_as_gone(cast):
    entry = _lay(cast.ada)
    services.purge(seq=entry.seq, path="recipe", reason=services.PurgeReason.MISFILED_HAZARD, actor=None, at=NOON + timedelta(hours=2))
    give_clearance(cast, cast.ada, at=NOON + timedelta(hours=2))
    page = _page(cast.ada, "ledger:entry", entry.seq)
    assert "Purged" in page
    assert "lime-and-sand" not in page


def test_an_entry_that_does_not_fit_is_shown_to_be_wrong(cast):
    entry = _lay(cast.ada)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET role = 'chair' WHERE seq = %s", [entry.seq])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert "This entry does not fit the log" in _page(cast.ada, "ledger:entry", entry.seq)


def test_an_entry_that_is_not_there_is_not_found(cast):
    for address in ("/ledger/9999/", "/ledger/99999999999999999999/"):
        assert _client(cast.ada).get(address).status_code == 404


def test_the_record_does_not_exist_for_those_without_a_role_inside(cast, tmp_path):
    Notary(tmp_path / "key").sign(at=NOON)
    for address in ("/ledger/", "/ledger/0/", "/ledger/verify/", "/ledger/checkpoint"):
        assert _client(cast.ada).get(address).status_code == 200
        assert _client(cast.eve).get(address).status_code == 404
        assert _client(cast.lena).get(address).status_code == 404
        assert Client().get(address).status_code == 302


def test_the_checkpoint_is_served_as_it_was_signed(cast, tmp_path):
    assert _client(cast.ada).get("/ledger/checkpoint").status_code == 404
    signed = Notary(tmp_path / "key").sign(at=NOON)
    answer = _client(cast.ada).get("/ledger/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == signed.note


def test_verifying_shows_its_steps(cast):
    assert "has not been recomputed yet" in _page(cast.ada, "ledger:verify")
    answer = _client(cast.ada).post("/ledger/verify/", follow=True)
    page = answer.content.decode()
    assert f"sealed: {services.size()}<" in page
    assert bytes(services.head().root).hex() in page
    assert Verification.objects.count() == 1


def test_a_long_log_is_verified_by_a_worker(cast, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(delivery.current_app, "send_task", lambda name, **_: sent.append(name))
    monkeypatch.setattr("ledger.views.VERIFIED_AT_ONCE", 1)
    with django_capture_on_commit_callbacks(execute=True):
        assert _client(cast.ada).post("/ledger/verify/").status_code == 302
    assert sent == ["ledger.verify_by_night"]
    assert Verification.objects.count() == 0


def test_verifying_needs_a_post_with_its_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ada.user)
    assert client.post("/ledger/verify/").status_code == 403
    assert Verification.objects.count() == 0


def test_pages_cost_the_same_however_long_the_log_is(cast, django_assert_num_queries):
    client = _client(cast.ada)
    for _ in range(2):
        entry = _lay(cast.ada)
        _lay(cast.hana)
        with django_assert_num_queries(LIST):
            client.get("/ledger/")
        with django_assert_num_queries(ENTRY):
            client.get(f"/ledger/{entry.seq}/")
        for height in range(60):
            _lay(cast.ada, height=height)


# Session, person, what they hold, the frame's head; then entries, fields, names, size, checkpoint and verification …
LIST = 10
# … or the entry, its fields, its leaf again under the head, the proof's nodes, the head, the name.
ENTRY = 12


def test_an_auditor_takes_the_sealed_record_away_in_a_browser_with_what_they_may_see_in_it(cast, tmp_path):
    _lay(cast.ada)
    Notary(tmp_path / "key").sign(at=services.head().recorded_at)
    assert 'action="/ledger/export/"' in _page(cast.hana)
    size = services.size()
    answer = _client(cast.hana).post(reverse("ledger:export"))
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith(f'attachment; filename="record-{size}-entries-')
    record = tmp_path / "record.zip"
    record.write_bytes(answer.getvalue())
    text = zipfile.ZipFile(record).read("entries.jsonl").decode()
    assert "Ada-in-May" in text, "auditors see personal values"
    assert "lime-and-sand" not in text, "and hazardous ones once they are cleared"
    assert verify_export.main([str(record), "--key", queries.keys_introduced()[-1].key]) in (verify_export.FITS, verify_export.INCOMPLETE)
    made = Entry.objects.latest("seq")
    assert (made.kind, made.actor, made.values["classes"]) == ("ledger:export:made", cast.hana.pk, ["public", "internal", "personal"])
    assert made.values["size"] == size


def test_a_cleared_auditor_takes_hazardous_values_away_and_a_chair_no_personal_ones(cast):
    give_clearance(cast, cast.hana)
    give_role(cast, cast.eve, "chair")
    _lay(cast.ada)
    for person, shown, hidden in ((cast.hana, ("lime-and-sand", "Ada-in-May"), ()), (cast.eve, (), ("lime-and-sand", "Ada-in-May"))):
        text = zipfile.ZipFile(BytesIO(_client(person).post(reverse("ledger:export")).getvalue())).read("entries.jsonl").decode()
        assert all(word in text for word in shown) and not any(word in text for word in hidden)


def test_who_reads_the_record_page_by_page_does_not_take_all_of_it_away_and_to_outsiders_it_is_not_there(cast):
    assert 'action="/ledger/export/"' not in _page(cast.ada)
    answers = [_client(person).post(reverse("ledger:export")).status_code for person in (cast.ada, cast.lena, cast.eve)]
    assert answers == [403, 404, 404] and not Entry.objects.filter(kind="ledger:export:made").exists()


def test_a_record_too_long_to_wait_for_is_left_to_the_shell(cast, monkeypatch):
    monkeypatch.setattr("ledger.views.EXPORTED_AT_ONCE", 1)
    answer = _client(cast.hana).post(reverse("ledger:export"))
    assert answer.status_code == 409 and "export_ledger" in answer.content.decode()


def test_the_open_page_of_keys_explains_its_words_and_leads_to_no_page_that_asks_for_an_account(db):
    page = Client().get(reverse("ledger:keys")).content.decode()
    assert "The record beneath everything" in page and reverse("glossary") not in page
