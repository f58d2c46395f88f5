"""The kinds of no. Every refusal of every room derives from one of these, so that pages and the API answer alike."""

from typing import ClassVar, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class Refusal(Exception):
    """Something could not be done. Subclasses set their words as class attributes or pass them; `data` is for programs, never for prose.

    `code` is stable and machine-readable, `sentence` says why to a person, `what_to_do` says how to mend it.
    """

    status: ClassVar[int] = 422
    code: str = "refused"
    sentence: str = "This cannot be done."
    what_to_do: str = ""
    # Whether an act that ended in it was refused to somebody, so that the record tells of the attempt.
    is_attempt: ClassVar[bool] = True

    def __init__(self, sentence: str = "", *, code: str = "", what_to_do: str = "", **data: object) -> None:
        self.code = code or self.code
        self.sentence = sentence or self.sentence
        self.what_to_do = what_to_do or self.what_to_do
        self.data: dict[str, object] = data
        super().__init__(self.sentence)


class NotKnown(Refusal):
    """What this person may not know of does not exist (404)."""

    status = 404
    code = "not_known"
    sentence = "There is nothing here by that name."


def the_one(rows: "QuerySet[Row]", refusal: type[NotKnown] = NotKnown) -> Row:
    """The row that was asked for. Raises `refusal` where there is none."""
    found = rows.first()
    if found is None:
        raise refusal
    return found


class NotAllowed(Refusal):
    """This person may see it, but may not do it (403)."""

    status = 403
    code = "not_allowed"
    sentence = "You may not do this."


class NotNow(Refusal):
    """Nobody can do it in the present state (409)."""

    status = 409
    code = "not_now"
    sentence = "This cannot be done now."


class NotValid(Refusal):
    """What was sent cannot be read or does not hold together (422)."""

    status = 422
    code = "not_valid"
    sentence = "What was sent is not valid."
