import uuid

import pytest

from ledger import sentences, services
from ledger.models import Entry, LedgerField
from ledger.sentences import describe, long_list, sentence, set_actor_names
from tests.makers import NOON, make_log

ADA = uuid.UUID(int=1)


@pytest.fixture(autouse=True)
def _own_words(monkeypatch):
    monkeypatch.setattr(sentences, "_templates", dict(sentences._templates))
    monkeypatch.setattr(sentences, "_actor_names", [])


@pytest.fixture
def log(db):
    return make_log()


def _entry(actor=ADA, **fields):
    classes = {path: path for path in fields if path in ("public", "personal", "hazard")}
    return services.append(
        kind="tests:stone:laid", thing="stone:7", actor=actor, role="master_mason", at=NOON, fields=fields, classes=classes
    )


def test_an_entry_reads_as_its_room_says(log):
    describe("tests:stone:laid", "{actor} ({role}) laid {thing} at {site.name}, {heights}; {weight}.")
    set_actor_names(lambda ids: dict.fromkeys(ids, "Ada"))
    entry = _entry(**{"site.name": "the bridge", "heights": [1, "two"], "weight": None})
    assert sentence(entry) == "Ada (master mason) laid stone:7 at the bridge, 1, two; none."


def test_only_open_values_are_put_into_words(log):
    describe("tests:stone:laid", "{public} {internal} {personal} {hazard} {missing}")
    entry = _entry(public="a", internal="b", personal="c", hazard="d")
    assert sentence(entry) == "a b [withheld] [withheld] [withheld]"
    assert long_list([Entry.objects.get(seq=entry.seq)]) == ["a b [withheld] [withheld] [withheld]"]


def test_of_a_long_list_only_fields_that_its_words_name_are_read_and_no_object_is_made_of_them(log, monkeypatch, django_assert_num_queries):
    describe("tests:stone:laid", "{actor} laid {thing}, {colour}.")
    set_actor_names(lambda ids: dict.fromkeys(ids, "Ada"))
    entries = list(Entry.objects.filter(seq__in=[_entry(colour=colour, weight=3).seq for colour in ("red", "blue")]))
    read = []
    monkeypatch.setattr(sentences, "value_of", lambda text: read.append(text) or text.strip('"'))
    monkeypatch.setattr(LedgerField, "from_db", None)
    with django_assert_num_queries(1):
        assert long_list(entries) == ["Ada laid stone:7, red.", "Ada laid stone:7, blue."]
    assert sorted(read) == ['"blue"', '"red"']


def test_a_kind_nobody_described_still_reads(log):
    assert sentence(_entry(actor=None)) == "The portal: tests:stone:laid (stone:7)."


def test_an_actor_nobody_can_name_is_told_by_their_id(log):
    set_actor_names(lambda ids: {})
    assert sentence(_entry()).startswith("person 00000000:")


def test_many_entries_ask_for_all_their_names_at_once(log):
    asked = []

    def names(ids):
        asked.append(ids)
        return {}

    set_actor_names(names)
    sentences.sentences([_entry(actor=uuid.UUID(int=number)) for number in range(1, 4)])
    assert asked == [frozenset(uuid.UUID(int=number) for number in range(1, 4))]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("request_changes", "request changes"),
        ("asl-3", "asl-3"),
        (True, "yes"),
        (["a_b", None], "a b, none"),
        ([], "none"),
        ("sha256:" + "ab" * 32, "sha256:abababab…"),
        (f"subject:{uuid.UUID(int=1)}", "subject 00000000"),
        (str(uuid.UUID(int=1)), str(uuid.UUID(int=1))),
    ],
)
def test_a_value_is_told_as_a_reader_says_it(log, value, told):
    describe("tests:stone:laid", "{what}")
    assert sentence(_entry(what=value)) == told


def test_people_in_fields_are_told_by_name_and_times_by_their_day(log):
    describe("tests:stone:laid", "{actor} gave {role} to {person:name} until {until:day}, {other:name} and {else:day}.")
    set_actor_names(lambda ids: {ADA: "Ada", uuid.UUID(int=2): "Ben"})
    entry = _entry(role="chair", person=uuid.UUID(int=2), until=NOON, other="nobody", **{"else": "soon"})
    assert sentence(entry) == "Ada gave chair to Ben until 22 May 2026, nobody and soon."


def test_a_person_the_entry_is_about_is_told_by_name(log):
    describe("tests:stone:laid", "{actor} met {thing:name}.")
    set_actor_names(lambda ids: {ADA: "Ada", uuid.UUID(int=2): "Ben"})
    met = services.append(kind="tests:stone:laid", thing=f"person:{uuid.UUID(int=2)}", actor=ADA, at=NOON)
    assert sentence(met) == "Ada met Ben."


def test_a_value_is_never_read_as_a_template(log):
    describe("tests:stone:laid", "{note}")
    assert sentence(_entry(note="{actor.__class__} {0}")) == "{actor.__class__} {0}"


def test_a_kind_reads_one_way_only():
    describe("tests:stone:laid", "A stone.")
    describe("tests:stone:laid", "A stone.")
    with pytest.raises(sentences.WordsTaken):
        describe("tests:stone:laid", "A rock.")
