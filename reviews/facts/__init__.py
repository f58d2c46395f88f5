"""Everything the board knows of some subjects under one framework, at one moment, in a number of queries that does not grow.

Status, gate and cases all answer from these facts, so that they cannot disagree. Two clocks: `at` is the moment asked about; an assessment counts
when it was true (`as_of`) and known (`made_at`) by then; what people did is true from when they did it.
"""

from reviews.facts.assessments import content_under, findings_in
from reviews.facts.collecting import collect, collect_one
from reviews.facts.safeguards import IN_FORCE
from reviews.facts.subject import Facts, brought, open_questions
