"""The words of a notice. Made from codes, names and numbers only: no rationale, no comment, no measurement ever leaves the portal this way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from reviews.models import Case, Notice


@dataclass(frozen=True, slots=True)
class Message:
    """`title` says what is so, `why` why this person is told, `act` what to do; `path` leads to the place."""

    title: str
    why: str
    act: str
    path: str

    def as_text(self, public_url: str) -> str:
        return f"{self.title}\n\n{self.why}\n{self.act}\n\n{public_url}{self.path}\n\nSent by the ASL portal. Details are in the portal only.\n"


def compose(notice: Notice) -> Message:
    """Find the words for one notice; it needs `person`, `case`, `case.subject` and `subject` loaded. Raises KeyError for an unknown kind."""
    return _WORDS[notice.kind](notice)


def compose_digest(notices: Sequence[Notice], *, public_url: str, settings_path: str) -> tuple[str, str]:
    """Subject and text of one mail that holds several notices, the oldest first."""
    messages = [compose(notice) for notice in notices]
    count = f"{len(messages)} notice{'' if len(messages) == 1 else 's'}"
    lines = [f"{message.title}\n  {public_url}{message.path}" for message in messages]
    foot = f"Sent by the ASL portal. Details are in the portal only. When and what you are told: {public_url}{settings_path}"
    return f"{count} from the ASL portal", "\n\n".join([*lines, foot]) + "\n"


def _case(notice: Notice) -> Case:
    if notice.case is None:
        raise ValueError(f"A notice of kind {notice.kind} names its case.")
    return notice.case


def _case_path(notice: Notice) -> str:
    return reverse("reviews:case-detail", args=[_case(notice).number])


def _subject_path(notice: Notice) -> str:
    return reverse("reviews:subject-detail", args=[notice.subject.slug]) if notice.subject else reverse("reviews:portfolio")


def _titled(notice: Notice) -> str:
    case = _case(notice)
    return f"Case {case.number} ({case.get_kind_display().lower()}, {case.subject.name})"


def _on_case(title: str, why: str, act: str) -> Callable[[Notice], Message]:
    """`title` may name the questions as `{asked}` and what was decided as `{outcome}`; a notice of earlier days names neither."""

    def words(notice: Notice) -> Message:
        said = {"asked": "", "outcome": "", "title": "", "threshold": ""} | notice.data | {"case": _titled(notice)}
        return Message(title.format_map(said).rstrip(" .:"), why, act, _case_path(notice))

    return words


def _on_subject(title: str, why: str, act: str) -> Callable[[Notice], Message]:
    def words(notice: Notice) -> Message:
        name = notice.subject.name if notice.subject else "a model"
        return Message(title.format_map({"asked": ""} | notice.data | {"subject": name}).rstrip(" .:"), why, act, _subject_path(notice))

    return words


def _on_safeguard(notice: Notice) -> Message:
    return Message(
        f"Sign-off wanted: {_safeguard(notice)}, version {notice.data['version']}",
        "It is new or has changed, and you hold the competence it asks for.",
        "Read the evidence, then sign it off or say what is missing.",
        reverse("reviews:safeguard-detail", args=[notice.data["implementation"]]),
    )


def _safeguard(notice: Notice) -> str:
    title = notice.data.get("title")
    return f"{title} ({notice.data['safeguard']})" if title else f"safeguard {notice.data['safeguard']}"


def _on_upload(notice: Notice) -> Message:
    return Message(
        f"{_model(notice)}: a file you sent was refused",
        "The file could not be read as an evaluation. No result of it counts, and the gate of the model stays shut until a reviewer "
        "or the chair who did not send it answers for it.",
        "The receipt names the place in the file and what to do. Say to a reviewer what the file was.",
        reverse("evaluations:upload", args=[notice.data["upload"]]),
    )


def _model(notice: Notice) -> str:
    return notice.subject.name if notice.subject else "A model"


def _on_correction(notice: Notice) -> Message:
    return Message(
        f"{_model(notice)}: a result was sent under the wrong weights; it measured {notice.data['snapshot']}",
        "You may sign the correction: you neither proposed it nor sent the file. Nothing moves before.",
        "Look at the file and the reason, then sign or leave it.",
        reverse("evaluations:upload", args=[notice.data["upload"]]),
    )


def _on_refused(notice: Notice) -> Message:
    return Message(
        f"{_model(notice)}: a result file was refused",
        "You may answer for it. Until somebody who did not send it does, the gate stays shut.",
        "Look at what was refused; have it sent again whole, or set it aside with a reason.",
        reverse("evaluations:upload", args=[notice.data["upload"]]),
    )


def _on_adoption(notice: Notice) -> Message:
    return Message(
        f"{notice.data.get('named', 'A framework version')} is proposed for adoption",
        "A new policy takes two people: the chair proposed it, an executive confirms it.",
        "Read what it says, then confirm it.",
        reverse("reviews:adoption-list"),
    )


def _on_due_case(notice: Notice, words: str) -> Message:
    return Message(
        f"{_titled(notice)} {words.format(**notice.data)}",
        "You are on its roster. Silence is never approval: past its day a case is late, not passed.",
        "See whose turn it is.",
        _case_path(notice),
    )


def _on_expiring_signoff(notice: Notice) -> Message:
    return Message(
        f"The sign-off of safeguard {notice.data['safeguard']} runs out on {notice.data['until']}",
        "You own the safeguard or signed it off, and no other sign-off lasts longer.",
        "Renew its evidence, then have it signed off again; once it has run out, what leans on it lapses.",
        reverse("reviews:safeguard-detail", args=[notice.data["implementation"]]),
    )


def _on_reworded_signoff(notice: Notice) -> Message:
    return Message(
        f"The sign-off of safeguard {notice.data['safeguard']} is for an earlier wording of the framework",
        "You own the safeguard or signed it off, and the version that came into force says something else of it.",
        "Read what it asks now, renew the evidence where it asks for more, then have it signed off anew; until then what leans on it has lapsed.",
        reverse("reviews:safeguard-detail", args=[notice.data["implementation"]]),
    )


_DECISION_NOUNS = {"determination": "A determination", "safeguards": "A decision on the safeguards", "release": "A release"}


def _on_lapsing_decision(notice: Notice) -> Message:
    name = notice.subject.name if notice.subject else "a model"
    return Message(
        f"{_DECISION_NOUNS[notice.data['noun']]} of {name} runs out on {notice.data['until']}",
        "You chair the board that decides it anew.",
        "Open a re-approval case in time; once it has run out, the gate shuts.",
        _subject_path(notice),
    )


def _on_grant(notice: Notice) -> Message:
    mine = notice.kind == "grant_lapses"
    return Message(
        f"{'Your' if mine else 'A'} {notice.data['noun']} {notice.data['what']} runs out on {notice.data['until']}",
        "You hold it, and what you may do here ends with it." if mine else "You chair, and a quorum may lean on it.",
        "Two of those who keep the membership propose and confirm it anew.",
        reverse("people:me") if mine else reverse("people:person", args=[notice.data["person"]]),
    )


def _on_token(notice: Notice) -> Message:
    return Message(
        f"Your API token {notice.data['token']} runs out on {notice.data['until']}",
        "It acts as you; whatever uses it stands still from then on.",
        "Make a new one, give it to what uses the old one, then revoke that.",
        reverse("people:tokens"),
    )


def _on_account(notice: Notice) -> Message:
    return Message(
        f"Your account: {notice.data['change']}",
        "You are told of every change of how your account is proved.",
        "If it was not you, tell an administrator now.",
        reverse("people:me"),
    )


def _on_clock(notice: Notice) -> Message:
    about = f"{notice.subject.name}: the" if notice.subject else "The"
    act = "Bring new results: new ones put the day off." if notice.subject else "See what it asks for, and say that it was done once it is."
    path = _subject_path(notice) if notice.subject else f"{reverse('reviews:clocks')}#clock-{notice.data['clock']}"
    return Message(
        f"{about} clock {notice.data['clock']} of {notice.data['framework']} comes round on {notice.data['until']}",
        "The framework in force sets it, and it concerns your role.",
        act,
        path,
    )


_WORDS: dict[str, Callable[[Notice], Message]] = {
    "vote_wanted": _on_case(
        "{case} waits for your vote. {asked}", "You are on its roster.", "Read what changed, then vote on each open question."
    ),
    "case_opened": _on_case("{case} was opened. {asked}", "You are on its roster.", "See what is asked and whose turn it is."),
    "evidence_wanted": _on_case(
        "{case}: safeguards are needed",
        "You keep safeguards that this case may lean on.",
        "Attach evidence for what is not signed off yet.",
    ),
    "paper_wanted": lambda notice: Message(
        f"{_titled(notice)}: a paper is wanted. {notice.data['title']}, for {notice.data['threshold']}",
        "You may supply it, and then leave the release to others.",
        "Without it nothing goes out: supply it, as a file or by reference.",
        reverse("reviews:papers", args=[_case(notice).subject.slug]) + f"?paper={notice.data['paper']}",
    ),
    "case_revised": _on_case(
        "{case} has changed. {asked}", "New evidence or a new proposal came in.", "See what changed, and whether your vote still stands."
    ),
    "vote_outdated": _on_case(
        "{case}: your vote is outdated. {asked}",
        "What you voted on has changed since.",
        "Read the change, then vote again; a strict vote blocks until you do.",
    ),
    "ready_to_declare": _on_case("{case}: a quorum is reached. {asked}", "You chair it.", "Declare what the board decided."),
    "decided": _on_case(
        "{case}: a question was decided. {asked} {outcome}",
        "You are on its roster.",
        "The decision, its votes and its dissent are on the case.",
    ),
    "case_closed": _on_case("{case} is closed", "You are on its roster.", "The record stays readable."),
    "decision_ended": _on_subject(
        "{subject}: a decision left force. {asked}", "Its evidence moved, went stale, or its time ran out.", "See what is open again."
    ),
    "evidence_disagrees": _on_subject(
        "{subject}: the evidence on {threshold} now says otherwise than the decision in force",
        "The board decided strictly, and its finding rules the threshold out by now.",
        "The decision counts until a lowering case takes it back; open one, or leave it as it is.",
    ),
    "gate_changed": _on_subject(
        "{subject}: the gate to {scope} is {state}",
        "The board and the executives are told whenever what may go out changes.",
        "See each reason, and who can resolve it.",
    ),
    "scope_halted": _on_subject(
        "{subject}: {scope} was halted",
        "The board and the executives are told whenever what may go out changes.",
        "See who halted it and why.",
    ),
    "incident": lambda notice: Message(
        f"{notice.subject.name if notice.subject else 'A model'}: in service for {notice.data['scope']} without a valid authorisation",
        "The serving side reported a deployment the gate did not let out.",
        "Have it taken out of service, or halt the scope, and find out how it went out.",
        reverse("reviews:deployments", args=[notice.subject.slug]) if notice.subject else reverse("reviews:portfolio"),
    ),
    "signoff_wanted": _on_safeguard,
    "upload_rejected": _on_upload,
    "set_aside_wanted": _on_refused,
    "correction_wanted": _on_correction,
    "adoption_wanted": _on_adoption,
    "case_due_soon": lambda notice: _on_due_case(notice, "is due on {until}"),
    "case_overdue": lambda notice: _on_due_case(notice, "is overdue since {until}"),
    "signoff_expires": _on_expiring_signoff,
    "signoff_reworded": _on_reworded_signoff,
    "decision_lapses": _on_lapsing_decision,
    "evidence_ages": _on_subject(
        "{subject}: what its evidence supports changes by the clock alone on {until}",
        "A result grows stale that day, or something else runs out that it leans on. Staleness takes the power to rule out.",
        "See which, and bring a fresh result in time.",
    ),
    "grant_lapses": _on_grant,
    "grant_of_another_lapses": _on_grant,
    "token_expires": _on_token,
    "account_changed": _on_account,
    "clock_due": _on_clock,
}
KINDS = frozenset(_WORDS)
