"""Take each defence out, one at a time, and see that its test fails: `python -m tests.defences [NAME…]`.

It works on a copy of the tree, so nothing here is touched, takes about a quarter of a minute a defence, and writes `docs/defences.md` when it went through all of
them. `tests/test_defences.py` keeps the table true to the code.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "defences.md"
# pytest's own: the tests were collected and run, and some failed.
SOME_FAILED = 1


@dataclass(frozen=True, slots=True)
class Defence:
    """What is taken out of which file, and the test that must fail then. `before` stands in the file once."""

    name: str
    path: str
    before: str
    after: str
    test: str


SETTINGS, GATE, CONFIRMING = "asl_portal/settings.py", "reviews/gate_rules.py", "people/confirming.py"
READINGS, POLICIES, CLOCK = "evaluations/services/readings.py", "reviews/policies.py", "ledger/clock.py"
DEFENCES_OF_PAGES = "tests/people/test_defences.py::"

DEFENCES = (
    Defence(
        "a form of another site",
        SETTINGS,
        '    "django.middleware.csrf.CsrfViewMiddleware",\n',
        "",
        DEFENCES_OF_PAGES + "test_a_form_of_another_site_does_nothing",
    ),
    Defence(
        "a script in a page",
        SETTINGS,
        '        "script-src": [SELF],\n',
        '        "script-src": [SELF, "\'unsafe-inline\'"],\n',
        DEFENCES_OF_PAGES + "test_every_page_carries_the_strict_content_policy",
    ),
    Defence(
        "a page in somebody else's frame",
        SETTINGS,
        'X_FRAME_OPTIONS = "DENY"',
        'X_FRAME_OPTIONS = "SAMEORIGIN"',
        DEFENCES_OF_PAGES + "test_every_page_carries_the_security_headers",
    ),
    Defence(
        "a session sent along from elsewhere",
        SETTINGS,
        'SESSION_COOKIE_SAMESITE = "Lax"',
        'SESSION_COOKIE_SAMESITE = "None"',
        DEFENCES_OF_PAGES + "test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites",
    ),
    Defence(
        "a line that can be read on the way",
        SETTINGS,
        "SECURE_HSTS_SECONDS = 0 if _LOCAL else 31_536_000",
        "SECURE_HSTS_SECONDS = 0",
        DEFENCES_OF_PAGES + "test_cookies_are_secure_and_https_is_kept_to_everywhere_but_on_this_machine",
    ),
    Defence(
        "what a signed-in person reads, kept by a cache",
        "people/middleware.py",
        '            response.headers.setdefault("Cache-Control", "private, no-store")\n',
        "            pass\n",
        "tests/people/test_people_pages.py::test_what_a_signed_in_person_reads_is_kept_by_no_cache",
    ),
    Defence(
        "an address without a sign-in",
        "people/middleware.py",
        "        return super().process_view(request, view_func, view_args, view_kwargs)\n",
        "        return None\n",
        "tests/test_doors.py",
    ),
    Defence(
        "a code used twice",
        "people/factors.py",
        '    if step <= app.data.get("last_step", -1):\n        return Spent.BEFORE\n',
        "",
        "tests/people/test_second_factors.py::test_a_code_signs_once",
    ),
    Defence(
        "a second factor left out",
        CONFIRMING,
        "            _check_code(user, confirmation.code, at)\n",
        "            pass\n",
        "tests/people/test_second_factors.py::test_neither_the_password_nor_the_code_signs_alone",
    ),
    Defence(
        "guessing at a signature",
        CONFIRMING,
        "        raise TooManyTries\n",
        "        pass\n",
        "tests/people/test_signing.py::test_after_five_wrong_passwords_even_the_right_one_waits",
    ),
    Defence(
        "a word of the sign-in provider in the place of a signature",
        CONFIRMING,
        "        raise ProviderDoesNotSign\n",
        "        pass\n",
        "tests/people/test_identities.py::test_somebody_with_only_the_provider_signs_nothing_however_fresh_its_word",
    ),
    Defence(
        "a credential set by somebody else signs at once",
        "people/signing.py",
        "        raise CredentialTooFresh\n",
        "        pass\n",
        "tests/people/test_signing.py::test_a_credential_set_through_a_link_cannot_sign_for_a_day",
    ),
    Defence(
        "an administrator signs",
        "people/signing.py",
        "        raise AdministratorsDoNotSign\n",
        "        pass\n",
        "tests/people/test_signing.py::test_administrators_sign_for_nobody",
    ),
    Defence(
        "signing off one's own safeguard",
        POLICIES,
        "    if actor.person.pk == implementation.owner_id:\n        return Refused(",
        "    if False:\n        return Refused(",
        "tests/reviews/test_signoffs.py::test_an_owner_does_not_sign_off_their_own_and_the_database_knows_it",
    ),
    Defence(
        "a reviewer with a conflict of interest",
        POLICIES,
        '        return Refused("conflict", barred, "Leave this question to the others; you may still comment.")\n',
        "        pass\n",
        "tests/reviews/test_votes.py::test_who_owns_a_safeguard_or_stated_the_applicability_does_not_judge_it",
    ),
    Defence(
        "the chair votes",
        POLICIES,
        '    if Role.CHAIR in actor.roles and not question.quorum["approve"]["chair_votes"]:\n',
        "    if False:\n",
        "tests/reviews/test_votes.py",
    ),
    Defence(
        "weights nobody confirmed",
        GATE,
        "    yield from _snapshot_reasons(inputs)\n",
        "",
        "tests/reviews/test_gate_rules.py::test_each_thing_taken_away_denies_and_says_which",
    ),
    Defence(
        "evidence that moved, is missing or stale",
        GATE,
        "    yield from _evidence_reasons(inputs)\n",
        "",
        "tests/reviews/test_gate_rules.py::test_each_thing_taken_away_denies_and_says_which",
    ),
    Defence(
        "clean evidence that nobody decided on",
        GATE,
        "    yield from _finding_reasons(framework, inputs)\n",
        "",
        "tests/reviews/test_gate_rules.py::test_each_thing_taken_away_denies_and_says_which",
    ),
    Defence(
        "safeguards nobody signed off",
        GATE,
        "    yield from _safeguard_reasons(framework, inputs, required)\n",
        "",
        "tests/reviews/test_gate_rules.py::test_each_thing_taken_away_denies_and_says_which",
    ),
    Defence(
        "a serving stack that was not reviewed",
        GATE,
        "    yield from _stack_reasons(framework, inputs, required)\n",
        "",
        "tests/reviews/test_places.py::test_the_stack_that_was_reviewed_is_authorised_and_no_other",
    ),
    Defence(
        "going out without a release",
        GATE,
        "    yield from _release_reasons(framework, inputs, required)\n",
        "",
        "tests/reviews/test_gate_rules.py::test_each_thing_taken_away_denies_and_says_which",
    ),
    Defence(
        "votes from before a halt",
        "reviews/contents.py",
        '    halted = {} if state is None or state.halted_at is None else {"halted": state.halted_at.isoformat()}\n',
        "    halted: dict[str, str] = {}\n",
        "tests/reviews/test_attack_going_on.py",
    ),
    Defence(
        "a decision written past the verbs",
        "ledger/verification.py",
        "        report.rows = rows.check()\n",
        "        report.rows = 0\n",
        "tests/reviews/test_attack_rows.py::test_what_was_done_past_the_verbs_is_named_and_shuts_the_gate",
    ),
    Defence(
        "a worker thought dead that writes after all",
        READINGS,
        "lease_token=upload.lease_token, state=UploadState.PARSING).first()",
        "state=UploadState.PARSING).first()",
        "tests/evaluations/test_reading.py::test_a_reader_thought_dead_writes_nothing_while_another_is_at_it",
    ),
    Defence(
        "an upload that lost its worker",
        CLOCK,
        "    return Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=_later_than_any(at, lease))",
        "    return Q(lease_until=None)",
        "tests/evaluations/test_reading.py::test_a_leased_file_is_left_alone_until_its_reader_has_gone_silent",
    ),
    Defence(
        "a clock that jumped",
        CLOCK,
        "    return Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=_later_than_any(at, lease))",
        "    return Q(lease_until=None) | Q(lease_until__lte=at)",
        "tests/evaluations/test_reading.py::test_a_lease_and_a_wait_of_a_clock_that_has_jumped_since_bind_nobody",
    ),
    Defence(
        "a lease written by a clock that has jumped since",
        CLOCK,
        "    return until is not None and at < until <= _later_than_any(at, longest)",
        "    return until is not None and at < until",
        "tests/faults/test_faults.py::test_a_lease_and_a_wait_written_by_a_clock_that_has_jumped_since",
    ),
    Defence(
        "a disk that is full",
        "evaluations/services/blobs.py",
        "            raise NoRoom from error\n",
        "            pass\n",
        "tests/faults/test_faults.py::test_a_disk_that_is_full_while_bytes_are_stored",
    ),
    Defence(
        "the same bytes twice at once",
        "evaluations/services/uploads.py",
        "    Blob.objects.select_for_update(no_key=True).get(pk=stored.sha256)\n",
        "",
        "tests/evaluations/test_receiving_at_once.py",
    ),
    Defence(
        "a file over the limit",
        "evaluations/services/blobs.py",
        "        if limit is not None and size > limit:\n            raise TooLarge(limit)\n",
        "",
        "tests/evaluations/test_receiving.py::test_a_file_over_the_limit_leaves_nothing_behind",
    ),
    Defence(
        "a migration that is missing",
        "asl_portal/health.py",
        "            return migrations_of_this_code() <= set(cursor.fetchall())\n",
        "            return True\n",
        "tests/faults/test_faults.py::test_a_migration_that_is_missing_keeps_the_portal_unready",
    ),
    Defence(
        "an outlet that points inside",
        "reviews/notices/reaching.py",
        "    return real.is_global and not (",
        "    return not (",
        "tests/reviews/outlets/test_reaching.py::test_an_address_inside_is_not_reached",
    ),
    Defence(
        "a question that names two artefacts",
        "asl_portal/openapi.py",
        "    if twice is not None:\n",
        "    if False:\n",
        "tests/test_api_description.py::test_a_question_that_names_two_things_where_one_is_asked_for_is_not_answered",
    ),
    Defence(
        "a misspelt field of a body",
        "people/api_text.py",
        '    model_config = ConfigDict(extra="forbid")\n',
        "    pass\n",
        "tests/test_api_description.py::test_a_misspelt_field_of_a_body_is_refused_and_not_ignored",
    ),
    Defence(
        "a value emptied past the verb",
        "ledger/verification.py",
        "    _check_purged(walk)\n",
        "",
        "tests/ledger/test_verification.py::test_each_tampering_is_found_and_named",
    ),
    Defence(
        "words beside what a seal holds, in an export",
        "ledger/verify_export.py",
        "    if set(field) not in KINDS_OF_FIELD:\n",
        "    if not set(field):\n",
        "tests/ledger/test_export.py::test_each_forgery_in_an_export_is_found",
    ),
    Defence(
        "an export that two programs read differently",
        "ledger/verify_export.py",
        "        check_archive(archive)\n",
        "",
        "tests/ledger/test_export.py::test_an_archive_that_programs_read_differently_or_that_holds_more_is_no_export",
    ),
    Defence(
        "a cell that a spreadsheet would run",
        "reviews/tables/as_csv.py",
        '    return f"\'{cell}" if cell.startswith(FORMULA) else cell\n',
        "    return cell\n",
        "tests/reviews/tables/test_table_formats.py",
    ),
    Defence(
        "two schedulers that find the same scope over",
        "reviews/services/observing.py",
        "Motion.objects.filter(pk=motion.pk, ended_at=None)",
        "Motion.objects.filter(pk=motion.pk)",
        "tests/faults/test_two_schedulers.py::test_an_observed_scope_ends_once",
    ),
    Defence(
        "a digest that went out before its worker was lost",
        "reviews/notices/send.py",
        ".update(message_id=identity)",
        "",
        "tests/reviews/notices/test_preferences.py::test_a_digest_that_may_have_gone_out_goes_out_again_under_its_id_and_takes_nothing_new_along",
    ),
    Defence(
        "a restore that stops half-way",
        "asl_portal/backup/restore.py",
        "            if stood is not None:\n                _forget_database(stood)\n",
        "",
        "tests/asl_portal/test_backup.py::test_a_restore_that_fails_half_way_leaves_nothing_half_restored",
    ),
    Defence(
        "a title that a spreadsheet would run",
        "reviews/tables/as_csv.py",
        "    writer.writerow([defused(column.title, decimal=False) for column in table.columns])\n",
        "    writer.writerow([column.title for column in table.columns])\n",
        "tests/reviews/tables/test_table_formats.py::test_a_title_that_a_spreadsheet_would_run_is_defused_like_any_cell",
    ),
    Defence(
        "tables the application may not read",
        "asl_portal/management/commands/migrate.py",
        '            call_command("grant_app_role", verbosity=options["verbosity"])\n',
        "            pass\n",
        "tests/asl_portal/test_roles.py::test_a_migration_alone_gives_the_application_its_rights_on_what_it_made",
    ),
    Defence(
        "a passkey asked for by a page beneath the portal's name",
        "asl_portal/settings.py",
        ', "authenticate_webauthn": "people.accounts.PasskeySignInForm"',
        "",
        "tests/people/test_passkeys.py::test_a_passkey_lets_in_from_the_portals_own_page_and_from_no_page_below_its_name",
    ),
    Defence(
        "a code brought twice at the same moment",
        "people/factors.py",
        "    app = Authenticator.objects.select_for_update().filter(",
        "    app = Authenticator.objects.filter(",
        "tests/people/test_spent_once.py::test_a_code_that_is_brought_twice_at_the_same_moment_signs_one_statement",
    ),
    Defence(
        "two restores at once",
        "asl_portal/backup/restore.py",
        "            if not cursor.fetchone()[0]:\n",
        "            if False:\n",
        "tests/asl_portal/test_backup.py::test_of_two_restores_at_once_the_second_takes_nothing_from_the_first",
    ),
    Defence(
        "a restore that was killed",
        "asl_portal/backup/restore.py",
        "        unfinished.begin()\n",
        "",
        "tests/asl_portal/test_backup.py::test_a_restore_that_is_killed_half_way_is_told_as_one_and_not_gone_on_with",
    ),
    Defence(
        "restored bytes that the disk spoils",
        "asl_portal/backup/restore.py",
        "        if not blobs.is_whole(sha256):\n",
        "        if not blobs.path_of(sha256).exists():\n",
        "tests/asl_portal/test_backup.py::test_bytes_that_the_disk_spoils_while_they_are_restored_are_found",
    ),
    Defence(
        "a patient guesser at passwords",
        SETTINGS,
        "10/m/ip,100/h/ip,5/300s/key",
        "10/m/ip,5/300s/key",
        "tests/people/test_signing_in.py::test_who_guesses_slowly_enough_for_every_minute_meets_the_hours_limit_at_that_address_and_at_no_other",
    ),
    Defence(
        "a database that is away",
        "asl_portal/urls.py",
        'handler500 = "asl_portal.failures.failed"\n',
        'handler500 = "django.views.defaults.server_error"\n',
        "tests/asl_portal/test_failures.py",
    ),
    Defence(
        "an account without a second factor signs at ASL-3",
        "frameworks/policies.py",
        "    if actor.second_factor or not document.asks_second_factor(tiers):\n",
        "    if True:\n",
        "tests/reviews/test_second_factor_asked.py",
    ),
    Defence(
        "a recovery code used twice",
        "people/factors.py",
        "RecoveryCodes(kept).validate_code(code)",
        "code in RecoveryCodes(kept).get_unused_codes()",
        "tests/people/test_second_factors.py::test_a_recovery_code_opens_the_front_door_once",
    ),
    Defence(
        "a passkey's answer used twice",
        "people/passkeys.py",
        "    if not waiting or not cache.delete(slot):\n",
        "    if not waiting:\n",
        "tests/people/test_passkeys.py::test_an_answer_counts_once_and_only_in_its_own_session",
    ),
    Defence(
        "a session left open elsewhere",
        "people/services/sessions.py",
        "        each.end()\n",
        "        each.delete()\n",
        "tests/people/test_signing_in.py::test_one_sees_where_one_is_signed_in_and_signs_out_of_one_or_of_all_others",
    ),
    Defence(
        "a token of the provider's that somebody else signed",
        "people/oidc.py",
        '            options={"require": ["iss", "sub", "aud", "exp", "iat"]},\n',
        '            options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_signature": False},\n',
        "tests/people/test_signing_in_at_the_provider.py::test_a_token_that_does_not_hold_lets_nobody_in",
    ),
    Defence(
        "an API token beyond its scope",
        "people/api_auth.py",
        "        if self.scope not in found.scopes:\n",
        "        if False:\n",
        "tests/people/test_tokens.py::test_a_call_without_the_scope_is_refused_and_says_which",
    ),
    Defence(
        "an API token after its day",
        "people/models/credential.py",
        "        return self.revoked_at is None and self.created_at <= at < self.expires_at\n",
        "        return self.revoked_at is None and self.created_at <= at\n",
        "tests/people/test_tokens.py::test_a_token_ends_on_its_day",
    ),
    Defence(
        "an API token that was revoked",
        "people/models/credential.py",
        "        return self.revoked_at is None and self.created_at <= at < self.expires_at\n",
        "        return self.created_at <= at < self.expires_at\n",
        "tests/people/test_tokens.py::test_a_revoked_token_ends_at_once",
    ),
    Defence(
        "API tokens read out of the database",
        "people/services/tokens.py",
        "from ledger.canonical import digest\n",
        "digest = bytes.decode\n",
        "tests/people/test_tokens.py::test_a_token_is_found_by_its_text_and_only_its_digest_is_kept",
    ),
    Defence(
        "one token that asks without end",
        "people/api_auth.py",
        "        limits.count_call(found, self.scope, at=now)\n",
        "",
        "tests/people/test_limits.py::test_past_the_limit_a_token_waits_for_the_next_minute_and_is_told_how_long",
    ),
    Defence(
        "an upload served as a page",
        "evaluations/views/uploads.py",
        'as_attachment=True, filename=f"{upload.blob_id}.bin", content_type="application/octet-stream"',
        'as_attachment=False, filename=f"{upload.blob_id}.bin", content_type="text/html"',
        "tests/reviews/test_files_served.py",
    ),
    Defence(
        "a type guessed by the browser",
        SETTINGS,
        "SECURE_CONTENT_TYPE_NOSNIFF = True\n",
        "SECURE_CONTENT_TYPE_NOSNIFF = False\n",
        DEFENCES_OF_PAGES + "test_every_page_carries_the_security_headers",
    ),
    Defence(
        "a link that leads out of the portal",
        "asl_portal/theme.py",
        'HttpResponseRedirect(back if here else "/")',
        "HttpResponseRedirect(back)",
        DEFENCES_OF_PAGES + "test_no_door_leads_out_of_the_portal",
    ),
    Defence(
        "a forged host",
        SETTINGS,
        'ALLOWED_HOSTS = env.words("ASL_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))\n',
        'ALLOWED_HOSTS = ["*"]\n',
        DEFENCES_OF_PAGES + "test_a_forged_host_reaches_nothing_and_stands_in_no_answer",
    ),
    Defence(
        "a model that is hidden from somebody",
        "evaluations/access.py",
        '        return Subject.objects.filter(Exists(_open_dossiers(actor, at).filter(subject=OuterRef("pk"))))\n',
        "        return Subject.objects.all()\n",
        "tests/evaluations/test_dossiers.py::test_an_outside_evaluator_uploads_for_their_dossier_and_for_nothing_else",
    ),
    Defence(
        "a parameter nobody described",
        "asl_portal/openapi.py",
        "        self.add_decorator(self._only_described)\n",
        "",
        "tests/test_api_description.py::test_a_misspelt_parameter_is_refused_and_not_ignored",
    ),
    Defence(
        "hazardous words in a report",
        "reviews/reports/case_file.py",
        " for each in page.comments if not each.hazard]",
        " for each in page.comments]",
        "tests/reviews/reports/test_case_file.py::test_a_hazardous_comment_is_left_out_and_counted_whoever_asks",
    ),
    Defence(
        "a webhook sent again at another time",
        "reviews/notices/channels/webhook.py",
        '    signed = f"{message_id}.{timestamp}.".encode() + body\n',
        "    signed = body\n",
        "tests/reviews/outlets/test_webhooks.py::test_the_recipe_in_the_documents_verifies_its_own_vector",
    ),
    Defence(
        "a feed opened by a token that may do more",
        "reviews/views/feed.py",
        "token.scopes != [Scope.FEED_READ]",
        "Scope.FEED_READ not in token.scopes",
        "tests/reviews/outlets/test_feed_and_badge.py::test_only_a_token_that_reads_the_feed_and_nothing_else_opens_it",
    ),
    Defence(
        "a worker killed in the middle of a reading",
        CLOCK,
        "    return Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=_later_than_any(at, lease))",
        "    return Q(lease_until=None)",
        "tests/faults/test_faults.py::test_a_worker_killed_in_the_middle_of_a_reading",
    ),
    Defence(
        "a pool that outlives its worker",
        "asl_portal/celery.py",
        "        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGKILL), 0, 0, 0)\n",
        "        pass\n",
        "tests/asl_portal/test_worker.py::test_pool_and_scheduler_die_with_their_worker_though_it_alone_was_killed",
    ),
    Defence(
        "a message that was lost",
        SETTINGS,
        '        ("evaluations.tasks.sweep", 5, 4),\n',
        "",
        "tests/evaluations/test_workers.py::test_what_was_sent_while_no_worker_ran_is_found_by_the_sweep",
    ),
    Defence(
        "a broker that is away",
        "ledger/delivery.py",
        "    except OperationalError as error:\n        _silent_until",
        "    except ZeroDivisionError as error:\n        _silent_until",
        "tests/faults/test_faults.py::test_a_broker_stopped_for_a_minute_of_uploads_and_started_empty",
    ),
    Defence(
        "a broker frozen on an open connection",
        SETTINGS,
        '    "socket_timeout": 5,\n    "socket_connect_timeout": 5,\n',
        "",
        "tests/faults/test_faults.py::test_a_broker_frozen_on_an_open_connection",
    ),
    Defence(
        "a database restarted under load",
        CLOCK,
        "    return Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=_later_than_any(at, lease))",
        "    return Q(lease_until=None)",
        "tests/faults/test_faults.py::test_a_database_restarted_under_load",
    ),
    Defence(
        "a backup the disk spoils while it is written",
        "asl_portal/backup/archive.py",
        "    if name.startswith(BLOBS) and name != BLOBS + digest:\n",
        "    if False:\n",
        "tests/asl_portal/test_backup.py::test_a_backup_that_the_disk_spoils_while_it_is_written_is_no_backup",
    ),
    Defence(
        "bytes spoilt before they are backed up",
        "asl_portal/backup/make.py",
        "    if found != sha256:\n",
        "    if False:\n",
        "tests/asl_portal/test_backup.py::test_bytes_that_were_spoilt_on_the_disk_since_they_came_are_put_into_no_backup",
    ),
    Defence(
        "a forged ledger in a backup",
        "asl_portal/backup/make.py",
        '    if (growth.size, growth.root.hex()) != (ledger["size"], ledger["root"]):\n',
        "    if False:\n",
        "tests/asl_portal/test_backup.py::test_a_forged_ledger_is_found_though_every_digest_is_made_to_fit",
    ),
)


class NotHeld(Exception):
    """Something was taken out, and its test did not fail."""


def main(names: list[str]) -> None:
    chosen = [each for each in DEFENCES if not names or each.name in names]
    with tempfile.TemporaryDirectory(prefix="asl-defences-") as folder:
        copy = _copied(Path(folder) / "tree")
        held = [(each, _taken_out(each, copy)) for each in chosen]
    loose = [each.name for each, failed in held if not failed]
    if not names:
        PAGE.write_text("\n".join(_page(held)) + "\n")
    if loose:
        raise SystemExit(f"Taken out, and its test went on passing: {'; '.join(loose)}")


def _copied(tree: Path) -> Path:
    """What git knows of the tree, with the environment of this one."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    (tree / ".venv").symlink_to(Path(sys.prefix))
    return tree


def _taken_out(defence: Defence, tree: Path) -> bool:
    """Whether the test fails without the defence."""
    path = tree / defence.path
    whole = path.read_text()
    path.write_text(whole.replace(defence.before, defence.after, 1))
    try:
        ran = subprocess.run(
            ["./portal", "test", "--without-browser", defence.test, "-q", "-x"], check=False, cwd=tree, capture_output=True, text=True
        )
    finally:
        path.write_text(whole)
    failed = ran.returncode == SOME_FAILED and "FAILED" in ran.stdout
    sys.stdout.write(f"{'held ' if failed else 'LOOSE'} {defence.name}\n")
    sys.stdout.flush()
    return failed


def _page(held: Iterable[tuple[Defence, bool]]) -> Iterator[str]:
    yield from (
        "# Each defence, taken out",
        "",
        "A test that passes shows little unless it fails once the thing it tests is gone. `python -m tests.defences` takes each of these out of a copy of the code,",
        "one at a time, and runs the test that holds it. Written by it; the wider list, threat by threat, is the [threat model](threat-model.md).",
        "",
        "| against | taken out of | the test that fails then | failed |",
        "|---|---|---|---|",
    )
    for each, failed in held:
        path, _, name = each.test.partition("::")
        yield f"| {each.name} | `{each.path}` | `{name or path}` | {'yes' if failed else '**no**'} |"


if __name__ == "__main__":
    main(sys.argv[1:])
