"""Addresses of the board's pages."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from reviews.views import (
    adoptions,
    badge,
    boards,
    cases,
    clocks,
    deployments,
    feed,
    gate,
    imports,
    inbox,
    motions,
    outlets,
    papers,
    reports,
    safeguards,
    signing,
    status,
    tables,
    telling,
    work,
)

app_name = "reviews"


class FormatConverter(StringConverter):
    """The formats a table leaves in."""

    regex = "csv|xlsx"


register_converter(FormatConverter, "table_format")

_CASE = "cases/<int:number>/"
_QUESTION = _CASE + "questions/<uuid:question_id>/"
_TABLE = ".<table_format:format>"
_SAFEGUARD = "safeguards/<uuid:implementation_id>/"

urlpatterns = [
    path("", inbox.home, name="home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.mark_read, name="inbox-read"),
    path("inbox/settings/", telling.settings, name="notice-settings"),
    path("inbox/feed/", telling.make_feed, name="feed-new"),
    path("feed/<str:secret>/news.atom", feed.news, name="feed"),
    path("subjects/<slug:slug>/badge.svg", badge.badge, name="badge"),
    path("subjects/<slug:slug>/badge/", badge.new, name="badge-new"),
    path("badge/<str:secret>.svg", badge.outside, name="badge-outside"),
    path("portfolio/", status.portfolio_list, name="portfolio"),
    path("subjects/<slug:slug>/", status.subject_detail, name="subject-detail"),
    path("subjects/<slug:slug>/cases/open/", cases.open_case, name="case-open"),
    path("subjects/<slug:slug>/halt/<slug:scope>/", status.halt, name="halt"),
    path("subjects/<slug:slug>/papers/", papers.paper_list, name="papers"),
    path("subjects/<slug:slug>/late-results/", motions.late, name="late-results"),
    path("subjects/<slug:slug>/motions/", motions.motion_list, name="motions"),
    path("subjects/<slug:slug>/motions/late-results/<slug:indicator>/", motions.ask_late_results, name="ask-late-results"),
    path("subjects/<slug:slug>/motions/observed-scope/", motions.ask_observed_scope, name="ask-observed-scope"),
    path("motions/<uuid:motion_id>/vote/", motions.vote, name="motion-vote"),
    path("subjects/<slug:slug>/imports/", imports.imported, name="imports"),
    path("subjects/<slug:slug>/imports/new/", imports.new, name="import-new"),
    path("imports/<uuid:record_id>/attest/", imports.second, name="import-second"),
    path("papers/<uuid:paper_id>/file/", papers.paper_file, name="paper-file"),
    path("papers/<uuid:paper_id>/withdraw/", papers.withdraw, name="paper-withdraw"),
    path("cases/", cases.case_list, name="case-list"),
    path(_CASE, cases.case_detail, name="case-detail"),
    path(_CASE + "comment/", cases.comment, name="comment"),
    path(_CASE + "recuse/", cases.recuse, name="recuse"),
    path(_CASE + "close/", cases.close, name="close"),
    path(_CASE + "withdraw/", cases.withdraw, name="withdraw"),
    path(_CASE + "release/", cases.ask_release, name="ask-release"),
    path(_CASE + "applicability/", signing.state_applicability, name="applicability"),
    path(_CASE + "report/", reports.report, name="report"),
    path("reports/check/", reports.check, name="report-check"),
    path("reports/<uuid:export_id>/retry/", reports.retry, name="report-retry"),
    path("reports/<uuid:export_id>/", reports.download, name="report-download"),
    path(_QUESTION + "vote/", signing.vote, name="vote"),
    path(_QUESTION + "declare/", signing.declare, name="declare"),
    path(_QUESTION + "proposal/", signing.propose, name="propose"),
    path("safeguards/", safeguards.safeguard_list, name="safeguard-list"),
    path("safeguards/new/", safeguards.register, name="safeguard-new"),
    path(_SAFEGUARD, safeguards.safeguard_detail, name="safeguard-detail"),
    path(_SAFEGUARD + "change/", safeguards.change, name="safeguard-change"),
    path(_SAFEGUARD + "retire/", safeguards.retire, name="safeguard-retire"),
    path(_SAFEGUARD + "sign/", safeguards.sign, name="safeguard-sign"),
    path(_SAFEGUARD + "evidence/", safeguards.attach, name="evidence-attach"),
    path(_SAFEGUARD + "evidence/<uuid:evidence_id>/", safeguards.evidence_file, name="evidence-file"),
    path(_SAFEGUARD + "evidence/<uuid:evidence_id>/withdraw/", safeguards.withdraw_evidence, name="evidence-withdraw"),
    path("signoffs/<uuid:signoff_id>/revoke/", safeguards.revoke, name="signoff-revoke"),
    path("work/", work.work, name="work"),
    path("work/<slug:kind>/all/<int:count>/", work.retry_all, name="work-retry-all"),
    path("work/<slug:kind>/<str:row_id>/retry/", work.retry, name="work-retry"),
    path("gate/", gate.ask, name="gate"),
    path("subjects/<slug:slug>/deployments/", deployments.deployment_list, name="deployments"),
    path("deployments/<uuid:deployment_id>/end/", deployments.end, name="deployment-end"),
    path("boards/", boards.board_list, name="board-list"),
    path("boards/new/", boards.found, name="board-new"),
    path("boards/<slug:slug>/", boards.detail, name="board"),
    path("boards/<slug:slug>/seats/", boards.propose_seat, name="seat-propose"),
    path("boards/<slug:slug>/seats/<uuid:seat_id>/confirm/", boards.confirm_seat, name="seat-confirm"),
    path("boards/<slug:slug>/seats/<uuid:seat_id>/leave/", boards.leave_seat, name="seat-leave"),
    path("tables/portfolio" + _TABLE, tables.portfolio, name="table-portfolio"),
    path("tables/subjects/<slug:slug>" + _TABLE, tables.subject, name="table-subject"),
    path("tables/cases" + _TABLE, tables.cases, name="table-cases"),
    path("tables/cases/<int:number>" + _TABLE, tables.case, name="table-case"),
    path("tables/signoffs" + _TABLE, tables.signoffs, name="table-signoffs"),
    path("tables/ledger" + _TABLE, tables.ledger, name="table-ledger"),
    path("outlets/", outlets.outlet_list, name="outlet-list"),
    path("outlets/webhook/", outlets.webhook_new, name="webhook-new"),
    path("outlets/channel/", outlets.channel_new, name="channel-new"),
    path("outlets/<uuid:outlet_id>/", outlets.outlet, name="outlet"),
    path("outlets/<uuid:outlet_id>/secret/", outlets.rotate, name="outlet-rotate"),
    path("outlets/<uuid:outlet_id>/stop/", outlets.stop, name="outlet-stop"),
    path("outlets/<uuid:outlet_id>/test/", outlets.test, name="outlet-test"),
    path("deliveries/<uuid:delivery_id>/resend/", outlets.resend, name="delivery-resend"),
    path("clocks/", clocks.clock_list, name="clocks"),
    path("clocks/<uuid:turn_id>/answer/", clocks.answer, name="clock-answer"),
    path("adoptions/", adoptions.adoption_list, name="adoption-list"),
    path("adoptions/<uuid:version_id>/propose/", adoptions.propose, name="adoption-propose"),
    path("adoptions/<uuid:adoption_id>/confirm/", adoptions.confirm, name="adoption-confirm"),
]
