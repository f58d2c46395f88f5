import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoints import Checkpoint, NoteNotTrusted, SignerKey, VerifierKey, open_note, read

ROOT = hashlib.sha256(b"root").digest()
KEY = SignerKey("asl-portal/tests", bytes(range(32)))
OTHER = SignerKey("asl-portal/others", bytes(range(1, 33)))
CHECKPOINT = Checkpoint("asl-portal/tests", 17, ROOT)
NOTE = KEY.sign(CHECKPOINT)


def test_a_checkpoint_reads_origin_size_and_root_a_line_each():
    assert CHECKPOINT.text == f"asl-portal/tests\n17\n{base64.b64encode(ROOT).decode()}\n"
    assert NOTE.startswith(CHECKPOINT.text + "\n\u2014 asl-portal/tests ")
    assert read(CHECKPOINT.text) == CHECKPOINT


def test_a_signed_note_opens_with_its_key():
    assert open_note(NOTE, [KEY.verifier]) == CHECKPOINT
    assert open_note(NOTE, [OTHER.verifier, KEY.verifier]) == CHECKPOINT


def test_a_note_signed_by_nobody_known_is_not_trusted():
    for keys in ([], [OTHER.verifier], [VerifierKey(OTHER.name, KEY.verifier.public)]):
        with pytest.raises(NoteNotTrusted) as refused:
            open_note(NOTE, keys)
        assert refused.value.code == "no_known_signature"


def test_a_further_signature_by_an_unknown_key_is_passed_over():
    other_line = OTHER.sign(CHECKPOINT).splitlines(keepends=True)[-1]
    assert open_note(NOTE + other_line, [KEY.verifier]) == CHECKPOINT


def test_a_false_signature_by_a_known_key_is_not_made_good_by_a_true_one():
    false = OTHER.sign(Checkpoint("asl-portal/tests", 18, ROOT)).splitlines(keepends=True)[-1]
    with pytest.raises(NoteNotTrusted) as refused:
        open_note(NOTE + false, [KEY.verifier, OTHER.verifier])
    assert refused.value.code == "signature_differs"


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="ascii"))
def test_no_changed_character_leaves_a_trusted_note(place, character):
    changed = NOTE[:place] + character + NOTE[place + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(NoteNotTrusted):
        open_note(changed, [KEY.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n17\n" + base64.b64encode(ROOT).decode() + "\n",
        "origin\n017\n" + base64.b64encode(ROOT).decode() + "\n",
        "origin\n-1\n" + base64.b64encode(ROOT).decode() + "\n",
        "origin\n17\n" + base64.b64encode(ROOT[:-1]).decode() + "\n",
        "origin\n17\nnot base64\n",
        "origin\n17\n" + base64.b64encode(ROOT).decode(),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(NoteNotTrusted):
        read(text)


@pytest.mark.parametrize(
    "note", ["", "no signature", CHECKPOINT.text + "\n", CHECKPOINT.text + "\n\u2014 name\n", CHECKPOINT.text + "\n- a AAAAAAA=\n"]
)
def test_what_is_not_a_note_is_refused(note):
    with pytest.raises(NoteNotTrusted):
        open_note(note, [KEY.verifier])


def test_keys_are_written_and_read_as_the_note_format_has_them():
    assert VerifierKey.parse(str(KEY.verifier)) == KEY.verifier
    assert SignerKey.parse(KEY.text) == KEY
    assert str(KEY.verifier).startswith(f"asl-portal/tests+{KEY.verifier.id.hex()}+")
    assert "PRIVATE" not in repr(KEY)
    assert base64.b64encode(KEY.seed).decode() not in repr(KEY)


@pytest.mark.parametrize("change", [("tests", "toasts"), ("+", " "), ("+A", "+B"), ("asl-portal/tests", "with space")])
def test_a_key_whose_parts_do_not_fit_together_is_refused(change):
    for parse, text in ((VerifierKey.parse, str(KEY.verifier)), (SignerKey.parse, KEY.text)):
        with pytest.raises(NoteNotTrusted):
            parse(text.replace(*change))


def test_a_new_key_is_never_an_old_one():
    assert SignerKey.generate("a").seed != SignerKey.generate("a").seed
    with pytest.raises(NoteNotTrusted):
        SignerKey.generate("with space")


def test_a_signature_line_of_the_public_note_example_opens():
    """The example of the note format's own documentation: another writer's key, text and signature."""
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    with pytest.raises(NoteNotTrusted) as refused:
        open_note(text + "\n" + line, [key])
    # The signature is accepted; only then is the text found not to be a checkpoint.
    assert refused.value.code == "not_a_checkpoint"
