"""From one uploaded log to an open gate: real people's acts in a real browser, a real worker, real mail. Only the clock is ours: it is now."""

import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from asl_portal.demo import world
from asl_portal.demo.cast import PARTS
from asl_portal.demo.estate import UNSIGNED
from asl_portal.demo.redating import redated
from evaluations.models import Snapshot
from ledger.models import Checkpoint
from ledger.notary import Notary
from ledger.queries import root_at
from people.models import User
from people.services import persona_link
from reviews.models import Case, Export, Notice, SafeguardImplementation
from reviews.models.notice import Channel, WorkState
from reviews.services.signoffs import safeguard_of
from tests.journeys import steps
from tests.makers import make_token
from tests.processes import Sink, eventually

LOG = Path(world.__file__).parent / "logs" / "journey" / "osprey-1-cbrn3.eval"
WHY_VOTE = "I read the log behind the finding and compared its interval with the line myself."
WHY_SIGN = "The file attached shows that the measure works where this model is served."
HAZARD = "The third question of the set names the step that matters."


@dataclass
class Story:
    """Who sits at which browser, what they work on, and where their mail arrives."""

    pages: dict[str, Page]
    sink: Sink
    folder: Path
    artefact: str
    token: str
    case: str = ""

    def __getattr__(self, name: str) -> Page:
        try:
            return self.pages[name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.mark.browser
@pytest.mark.processes
@pytest.mark.timeout(1200)
def test_a_log_that_rises_ends_in_a_release_the_board_has_signed(
    smtp_sink: Sink, live_server: Any, new_context: Any, worker: Any, tmp_path: Path
) -> None:
    world.build_world(timezone.now())
    running = worker(beat=True)
    eventually(_every_mail_went_out, seconds=120)
    artefact = Snapshot.objects.get(subject__slug="osprey-1", label="candidate 1").weights_digest
    story = Story({}, smtp_sink, tmp_path, artefact, make_token(_user("ben").person, "gate:read"))
    for name in ("ada", "ben", "chloe", "dan", "farid", "mira"):
        story.pages[name] = new_context(accept_downloads=True).new_page()
        _arrives(story, name)

    _the_gate_denies(story, "open_case", expected=False)
    _ada_uploads_a_log_that_rises(story)
    _a_case_opens_by_itself_and_its_people_are_told(story)
    _the_gate_denies(story, "open_case", expected=True)
    _farid_attaches_evidence_to_what_is_not_signed_off(story)
    _reviewers_sign_off_the_safeguards(story)
    _farid_states_which_signoffs_apply(story)
    _what_ben_writes_of_hazard_stays_among_the_cleared(story)
    _the_board_decides_every_question(story)
    _the_board_decides_the_release(story)
    _the_gate_allows(story)
    report = _the_report_holds_the_decision(story)
    _a_stranger_verifies_the_report(story, report)
    _nobody_was_told_twice_or_too_much(story)
    running.stop()
    call_command("verify_ledger")
    call_command("replay")


def _user(name: str) -> User:
    return User.objects.select_related("person").get(email=PARTS[name].email)


def _arrives(story: Story, name: str) -> None:
    """By a one-time link, adding a second factor; Ada also goes out and comes in again by the front door."""
    page, user = story.pages[name], _user(name)
    _, secret = persona_link(user=user, at=timezone.now())
    steps.choose_password(page, reverse("sign_in_link", args=[secret]))
    steps.add_app(page)
    if name == "ada":
        steps.sign_out(page)
        steps.sign_in(page, user.email)


def _every_mail_went_out() -> bool:
    return not Notice.objects.filter(channel=Channel.MAIL, state__in=[WorkState.WAITING, WorkState.WORKING]).exists()


def _ask_api(story: Story) -> dict[str, Any]:
    answer = story.ben.request.get(
        "/api/v1/gate", params={"artefact": story.artefact, "scope": "external"}, headers={"Authorization": f"Bearer {story.token}"}
    )
    assert answer.status == 200, answer.text()
    return dict(answer.json())


def _the_gate_denies(story: Story, code: str, *, expected: bool) -> None:
    """On the page and for a pipeline alike."""
    region = steps.ask_gate(story.ben, story.artefact, "external")
    expect(region.get_by_text("Deny.", exact=True)).to_be_visible()
    answer = _ask_api(story)
    assert answer["allowed"] is False
    codes = {reason["code"] for reason in answer["reasons"]}
    assert (code in codes) is expected, codes


def _ada_uploads_a_log_that_rises(story: Story) -> None:
    log = story.folder / "osprey-1-cbrn3.eval"
    log.write_bytes(redated(LOG.read_bytes(), created=timezone.now() - timedelta(hours=6)))
    page = story.ada
    steps.upload(page, log, about="Osprey 1, candidate 1")
    receipt = page.locator("#receipt")
    changed = receipt.locator("section").filter(has=page.get_by_role("heading", name="What it changed"))
    expect(changed).to_contain_text("CBRN-3", timeout=60_000)
    expect(changed).to_contain_text(re.compile(r"Ruled out\s*→\s*Cannot rule out"))
    expect(receipt).to_contain_text("Declared")
    expect(receipt).to_contain_text("virology-lf-1")


def _a_case_opens_by_itself_and_its_people_are_told(story: Story) -> None:
    case = eventually(lambda: Case.objects.filter(subject__slug="osprey-1", state="open").first(), seconds=60)
    assert (case.kind, case.opened_by) == ("elevation", None)
    story.case = reverse("reviews:case-detail", args=[case.number])
    said = f"Case {case.number} (elevation, Osprey 1) waits for your vote"
    for name in ("ben", "chloe", "mira"):
        page = story.pages[name]
        page.goto("/inbox/")
        expect(page.get_by_role("link", name=said)).to_be_visible()
        expect(page.get_by_role("region", name="What waits on you")).to_contain_text("Osprey 1")
        # The subject names the questions besides.
        eventually(lambda name=name: sum(each.startswith(f"{said}. Is CBRN-3 crossed?") for each in _subjects_to(story, name)) == 1)
    wanted = f"Case {case.number} (elevation, Osprey 1): safeguards are needed"
    eventually(lambda: _subjects_to(story, "farid").count(wanted) == 1)


def _subjects_to(story: Story, name: str) -> list[str]:
    return [message["Subject"] for message in story.sink.to(PARTS[name].email)]


def _farid_attaches_evidence_to_what_is_not_signed_off(story: Story) -> None:
    for safeguard in UNSIGNED:
        paper = story.folder / f"{safeguard}-result.md"
        paper.write_text(f"# What the exercise on {safeguard} showed\n\nThe measure held.\n", encoding="utf-8")
        steps.attach_evidence(story.farid, safeguard, paper, note="The exercise of this week.")


def _reviewers_sign_off_the_safeguards(story: Story) -> None:
    for safeguard in UNSIGNED:
        built = SafeguardImplementation.objects.get(safeguard=safeguard)
        asked = safeguard_of(built.framework_name, safeguard).competence
        signer = story.chloe if asked in PARTS["chloe"].areas else story.ben
        steps.sign_off(signer, safeguard, rationale=WHY_SIGN)


def _farid_states_which_signoffs_apply(story: Story) -> None:
    steps.state_applicability(story.farid, story.case, rationale="Osprey 1 is served from the stack and the estate they are about.")


def _what_ben_writes_of_hazard_stays_among_the_cleared(story: Story) -> None:
    steps.comment(story.ben, story.case, HAZARD, hazard=True)
    expect(story.ben.get_by_text(HAZARD)).to_be_visible()
    story.dan.goto(story.case)
    expect(story.dan.get_by_text("Withheld: it holds hazardous detail")).to_be_visible()
    expect(story.dan.get_by_text(HAZARD)).to_have_count(0)


def _the_board_decides_every_question(story: Story) -> None:
    declared = _decide_all(story)
    assert declared["Is CBRN-3 crossed?"] == "Declare: treat as crossed, require ASL-3 on deployment and security"
    assert {words for title, words in declared.items() if title.startswith("Is ") and "CBRN-3" not in title} == {"Declare: not crossed"}
    assert declared["Are the ASL-3 safeguards on security adequate?"] == "Declare: ASL-3 safeguards on security are adequate"
    assert declared["Are the ASL-3 safeguards on deployment adequate?"] == "Declare: ASL-3 safeguards on deployment are adequate"


def _decide_all(story: Story) -> dict[str, str]:
    """Three reviewers, one of them from outside, approve each open question; the chair, who may not vote, declares it."""
    declared = {}
    for question in steps.open_questions(story.dan, story.case):
        for name in ("ben", "chloe", "mira"):
            steps.vote(story.pages[name], story.case, question, rationale=WHY_VOTE)
        _dan_may_not_vote(story, question)
        declared[question] = steps.declare(story.dan, story.case, question, note="Three approved, one from outside; nobody dissented.")
    assert declared
    return declared


def _dan_may_not_vote(story: Story, question: str) -> None:
    """The page of Ben's vote, asked for by the chair."""
    section = story.dan.locator("section.question").filter(has=story.dan.get_by_role("heading", name=question, exact=True))
    expect(section.get_by_role("link", name="Vote")).to_have_count(0)
    address = f"{story.case}questions/{(section.get_attribute('id') or '').removeprefix('q-')}/vote/"
    assert story.dan.request.get(address).status == 403


def _the_board_decides_the_release(story: Story) -> None:
    steps.ask_release(story.dan, story.case, scope="external")
    assert _decide_all(story) == {"May candidate 1 go to external?": "Declare: release to external"}


def _the_gate_allows(story: Story) -> None:
    region = steps.ask_gate(story.ben, story.artefact, "external")
    expect(region.get_by_text("Allow, from one serving stack only.", exact=True)).to_be_visible()
    answer = _ask_api(story)
    assert (answer["allowed"], answer["reasons"]) == (True, [])
    assert answer["required"] == {"deployment": "asl-3", "security": "asl-3"}


def _the_report_holds_the_decision(story: Story) -> Path:
    file = steps.make_report(story.dan, story.case, story.folder)
    report = PdfReader(file)
    text = " ".join(" ".join(page.extract_text() for page in report.pages).replace("\u200b", "").split())
    for words in ("Elevation approved", "treat as crossed, require ASL-3 on deployment and security", "release to external", WHY_VOTE):
        assert words in text, f"The report does not say: {words}"
    for name in ("Ben", "Chloé", "Mira", "Dan"):
        assert name in text
    assert HAZARD not in text
    assert "1 comment with hazardous detail left out" in text
    squeezed = text.replace(" ", "")
    assert story.artefact in squeezed
    assert f"sha256:{root_at(Export.objects.get().ledger_size).hex()}" in squeezed
    return file


def _a_stranger_verifies_the_report(story: Story, report: Path) -> None:
    """As the first-run page and the PDF say: the exported record, the program in it, a key, and a Python that knows nothing of the portal."""
    Notary(story.folder / "checkpoint-key").sign(at=timezone.now())
    record = story.folder / "record.zip"
    call_command("export_ledger", str(record))
    with zipfile.ZipFile(record) as archive:
        archive.extract("verify_export.py", story.folder)
    key = Checkpoint.objects.latest("pk").verifier_key
    changed = story.folder / "changed.pdf"
    changed.write_bytes(report.read_bytes().replace(b"/Type", b"/Typo", 1))
    for given, code, words in (
        (report, 0, f"Shown: {report.name} is, byte for byte, the PDF report of case "),
        (changed, 1, "DOES NOT FIT: changed.pdf: no entry names sha256:"),
    ):
        command = [sys.executable, "-I", "verify_export.py", str(record), "--key", key, "--report", str(given)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=story.folder, env={}, check=False)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout
        assert words in done.stdout


def _nobody_was_told_twice_or_too_much(story: Story) -> None:
    eventually(_every_mail_went_out, seconds=60)
    sent = story.sink.messages
    identities = [message["Message-ID"] for message in sent]
    assert len(identities) == len(set(identities))
    forbidden = (WHY_VOTE, WHY_SIGN, HAZARD)
    for message in sent:
        text = f"{message['Subject']} {message.get_content()}"
        assert not [words for words in forbidden if words in text]
