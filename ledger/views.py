"""Reading the record in a browser: entries as sentences, one entry with its proof, the checkpoint, and what a verification found."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger import queries, services, tree
from ledger.access import Reader, classes_for, exporter_of, may_export, reader_of
from ledger.canonical import canonical
from ledger.delivery import kick
from ledger.entry_format import value_of
from ledger.export import write_export
from ledger.forms import FilterForm, kind_words
from ledger.models import Entry, LedgerField
from ledger.refusals import NotNow
from ledger.sentences import actor_names, sentence, sentences
from ledger.tasks import verify_by_night
from ledger.things import Named, named
from ledger.verification import steps

# A log up to this size is recomputed while one waits; a longer one by a worker.
VERIFIED_AT_ONCE = 5_000
# A log up to this size is written while one waits: some seconds. A longer one is written from a shell.
EXPORTED_AT_ONCE = 50_000


class TooLongToWaitFor(NotNow):
    code = "record_too_long"
    sentence = "This record is too long to be written while you wait."
    what_to_do = "Ask an administrator for ./portal manage export_ledger, which writes the same file."


@dataclass(frozen=True)
class Row:
    entry: Entry
    sentence: str
    about: Named | None


@dataclass(frozen=True)
class ShownField:
    """A field as this reader sees it: its value, or why it is not shown."""

    path: str
    field_class: str
    hash: str
    value: str
    hidden: str
    hazard: bool


@dataclass(frozen=True)
class ProofStep:
    hash: str
    side: str


@require_safe
def entry_list(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    form = FilterForm(request.GET)
    valid = form.is_valid()
    page = (
        queries.page(form.filters(), before=form.cleaned_data["before"], oldest_first=form.oldest_first)
        if valid
        else queries.Page([], None)
    )
    about = named(entry.thing for entry in page.entries)
    rows = [Row(entry, words, about.get(entry.thing)) for entry, words in zip(page.entries, sentences(page.entries), strict=True)]
    context = {
        "form": form,
        "rows": rows,
        "page": page,
        "filtered": any(request.GET.get(name) for name in ("kind", "thing", "since", "until", "actor")),
        "actor_name": _actor_name(form) if valid else "",
        "oldest_first": valid and form.oldest_first,
        "may_export": may_export(reader),
        **_panel(),
    }
    return render(request, "ledger/list.html", context)


@require_safe
def entry_detail(request: HttpRequest, seq: int) -> HttpResponse:
    reader = reader_of(request)
    entry = queries.entry(seq)
    proof = queries.inclusion(seq)
    head = services.head()
    header = entry.header(head.log_id)
    context = {
        "entry": entry,
        "sentence": sentence(entry),
        "kind_words": kind_words(entry.kind),
        "about": named([entry.thing]).get(entry.thing),
        "actor_name": actor_names({entry.actor}).get(entry.actor, "") if entry.actor else "",
        "fields": _shown(entry, reader),
        "bytes": header.canonical().decode(),
        "leaf": _digest(header.leaf()),
        "proof": proof,
        "root": _digest(proof.root),
        "proof_steps": _proof_steps(proof),
        "misfit": _misfit(proof, header.leaf()),
        "last": proof.size - 1,
    }
    return render(request, "ledger/entry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Shows what the last verification did and found; POST makes another."""
    reader_of(request)
    if request.method == "POST":
        if services.size() <= VERIFIED_AT_ONCE:
            services.record_verification(at=timezone.now())
        else:
            kick(verify_by_night)
        return redirect("ledger:verify")
    found = queries.latest_verification()
    context = {"found": found, "steps": steps(found) if found else [], "size": services.size(), "at_once": VERIFIED_AT_ONCE}
    return render(request, "ledger/verify.html", context)


@require_POST
def export(request: HttpRequest) -> FileResponse:
    """The sealed record as one file, with the program that verifies it. Of the values this reader may not see the hash stands, as on their pages."""
    reader, now = exporter_of(request), timezone.now()
    if services.size() > EXPORTED_AT_ONCE:
        raise TooLongToWaitFor
    with TemporaryDirectory() as folder:
        made = write_export(Path(folder) / "record.zip", classes=classes_for(reader), actor=reader.person.pk, at=now)
        # Opened before its folder goes: the bytes stay until the answer has been read to its end.
        file = open(Path(folder) / "record.zip", "rb")  # noqa: SIM115 - the answer closes it
    return FileResponse(
        file, as_attachment=True, filename=f"record-{made.size}-entries-{now:%Y%m%d-%H%M}.zip", content_type="application/zip"
    )


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    reader_of(request)
    return HttpResponse(queries.checkpoint_text(), content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The log's verifier keys, for everybody: who verifies an export from outside has no account here."""
    return render(request, "ledger/keys.html", {"keys": queries.keys_introduced(), "log": services.current_log()})


def _panel() -> dict[str, object]:
    """What stands beside the list: how long the log is, what is signed, what was verified."""
    size = services.size()
    signed = queries.latest_checkpoint()
    found = queries.latest_verification()
    return {
        "size": size,
        "checkpoint": signed,
        "checkpoint_root": _digest(bytes(signed.root)) if signed else "",
        "unsigned": size - signed.size if signed else size,
        "found": found,
        "since_found": size - found.size if found else size,
    }


def _actor_name(form: FilterForm) -> str:
    actor = form.cleaned_data["actor"]
    return actor_names({actor}).get(actor, str(actor)) if actor else ""


def _shown(entry: Entry, reader: Reader) -> list[ShownField]:
    classes = classes_for(reader)
    return [_shown_field(field, classes) for field in entry.fields.all()]


def _shown_field(field: LedgerField, classes: frozenset[str]) -> ShownField:
    value, hidden = "", ""
    if field.text is None:
        hidden = "Purged: the value is gone for good, its hash stands for it."
    elif field.field_class not in classes:
        hidden = f"Withheld: {field.field_class} values are shown to cleared people."
    else:
        value = _plain(field.text)
    return ShownField(field.path, field.field_class, _digest(bytes(field.hash)), value, hidden, field.field_class == "hazard")


def _plain(text: str) -> str:
    """Text as it is, everything else as its canonical JSON."""
    value = value_of(text)
    return value if isinstance(value, str) else canonical(value).decode()


def _proof_steps(proof: queries.Proof) -> list[ProofStep]:
    """Each hash of the proof with the side it is joined from, as a verifier does it."""
    inner = (proof.seq ^ (proof.size - 1)).bit_length()
    sides = ["left" if level >= inner or proof.seq >> level & 1 else "right" for level in range(len(proof.hashes))]
    return [ProofStep(item.hex(), side) for item, side in zip(proof.hashes, sides, strict=True)]


def _misfit(proof: queries.Proof, leaf: bytes) -> str:
    if leaf != proof.leaf:
        return "The entry's bytes do not give the hash that was sealed."
    try:
        proof.check()
    except tree.ProofDoesNotFit as error:
        return str(error)
    return ""


def _digest(value: bytes) -> str:
    return f"sha256:{value.hex()}"
