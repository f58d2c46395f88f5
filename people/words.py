"""The words for what people hold: roles, areas of competence, clearances, scopes of a token."""

from django.db.models import TextChoices


class Role(TextChoices):
    RESEARCHER = "researcher", "Researcher"
    REVIEWER = "reviewer", "Reviewer"
    SAFEGUARD_OWNER = "safeguard_owner", "Safeguard owner"
    CHAIR = "chair", "Responsible scaling officer (chair)"
    EXECUTIVE = "executive", "Executive"
    BOARD_OBSERVER = "board_observer", "Board observer"
    AUDITOR = "auditor", "Auditor"
    OUTSIDE_EVALUATOR = "outside_evaluator", "Outside evaluator"
    ADMINISTRATOR = "administrator", "Administrator"


class Area(TextChoices):
    SECURITY = "security", "Security"
    BIOLOGY = "biology", "Biology"
    CYBER = "cyber", "Cyber"
    EXTERNAL = "external", "External"
    ALIGNMENT = "alignment", "Alignment"


class Level(TextChoices):
    HAZARD = "hazard", "Hazardous detail"


class LinkPurpose(TextChoices):
    PERSONA = "persona", "Demo persona"
    FIRST = "first", "First administrator"
    RESET = "reset", "Invitation or reset"


class Scope(TextChoices):
    EVALUATIONS_WRITE = "evaluations:write", "Send evaluations"
    EVALUATIONS_READ = "evaluations:read", "Read evaluations"
    SUBJECTS_WRITE = "subjects:write", "Register subjects"
    SUBJECTS_READ = "subjects:read", "Read subjects and their status"
    GATE_READ = "gate:read", "Ask the gate"
    GATE_AUTHORISE = "gate:authorise", "Ask the gate for the record"
    DEPLOYMENTS_WRITE = "deployments:write", "Report what is in service"
    CASES_READ = "cases:read", "Read cases"
    LEDGER_READ = "ledger:read", "Read the ledger"
    FEED_READ = "feed:read", "Read the news feed"
    BADGE_READ = "badge:read", "Show the badge of one model"
