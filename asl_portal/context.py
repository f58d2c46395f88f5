"""What every page's frame shows: where one is, who one is, which log this is. Read only when the frame is drawn, at a fixed cost."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from asl_portal import theme, way_in
from ledger.models import Head, Log
from people.forms import LISTS
from people.queries import Actor
from people.words import Role
from reviews.models.notice import Channel, Notice


@dataclass(frozen=True)
class NavItem:
    title: str
    path: str
    key: str = ""
    count: int = 0
    current: bool = False


@dataclass(frozen=True)
class HeadLine:
    size: int
    root: str


INBOX = "/inbox/"
# An outside evaluator sees one dossier and uploads to it; the record, the board and the estate are not theirs to browse.
_INSIDE = frozenset(Role.values) - {Role.OUTSIDE_EVALUATOR}
# Title, the key that leads there after `g`, address, and whose it is.
_SECTIONS: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("Waiting on me", "w", INBOX, frozenset(Role.values)),
    ("Portfolio", "p", "/portfolio/", _INSIDE),
    ("Cases", "c", "/cases/", _INSIDE),
    ("Your dossier", "d", "/dossiers/", frozenset({Role.OUTSIDE_EVALUATOR})),
    ("Uploads", "u", "/uploads/", frozenset(Role.values)),
    ("Safeguards", "s", "/safeguards/", _INSIDE),
    ("Frameworks", "f", "/frameworks/", frozenset(Role.values)),
    ("Gate", "a", "/gate/", _INSIDE),
    ("Ledger", "l", "/ledger/", _INSIDE),
)
# Title, address, and whether outside evaluators go there too.
_BEHIND = (
    ("Bindings", "/bindings/", False),
    ("Adoptions", "/adoptions/", False),
    ("Verify the ledger", "/ledger/verify/", False),
    ("Glossary", "/glossary/", True),
)


class Portal:
    """Lazy: a fragment that draws no frame asks nothing of the database."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def theme(self) -> str:
        return theme.chosen(self._request)

    @property
    def provider(self) -> str:
        """What people call the sign-in provider; empty without one."""
        return str(settings.OIDC_NAME) if settings.OIDC_ISSUER else ""

    @cached_property
    def signed_in(self) -> bool:
        user = getattr(self._request, "user", None)
        return bool(user and user.is_authenticated)

    @cached_property
    def _actor(self) -> Actor | None:
        return getattr(self._request, "actor", None) if self.signed_in else None

    @cached_property
    def name(self) -> str:
        return self._actor.person.name if self._actor else str(self._request.user)

    @cached_property
    def roles(self) -> list[str]:
        return [str(Role(role).label) for role in sorted(self._actor.roles)] if self._actor else []

    @property
    def inside(self) -> bool:
        """Whether the models' own pages, the board and the record exist for this person; for an outside evaluator they do not."""
        return self._actor is not None and bool(self._actor.roles & _INSIDE)

    @cached_property
    def account_links(self) -> list[NavItem]:
        own = [NavItem("Your account", "/people/me/")]
        if self._actor is None or not self.inside:
            return own
        inside = [NavItem("People and roles", "/people/"), NavItem("Boards and seats", "/boards/"), NavItem("Dossiers", "/dossiers/")]
        if self._actor.has(Role.ADMINISTRATOR):
            inside += [NavItem("Outlets", "/outlets/"), NavItem("Unfinished work", "/work/")]
        return own + inside

    @cached_property
    def nav(self) -> list[NavItem]:
        if self._actor is None:
            return []
        path = self._request.path
        return [
            NavItem(title, where, key, count=self.unread if where == INBOX else 0, current=path.startswith(where))
            for title, key, where, roles in _SECTIONS
            if self._actor.has(*roles)
        ]

    @property
    def keeps_views(self) -> bool:
        """Is this a list whose filter one may keep under a name?"""
        return self._actor is not None and self._request.path in LISTS

    @cached_property
    def _inside(self) -> bool:
        return bool(self._actor and self._actor.has(*_INSIDE))

    @cached_property
    def shows_first_steps(self) -> bool:
        """They try things on the demonstration's model, so they are for its people."""
        return self.demo and self._inside

    @cached_property
    def pages(self) -> list[tuple[str, str]]:
        """Every page one goes to by name: the sections, and what lies a step behind them."""
        steps = [("First steps", "/start/")] if self.shows_first_steps else []
        return (
            steps
            + [(item.title, item.path) for item in [*self.nav, *self.account_links]]
            + [(title, where) for title, where, for_all in _BEHIND if self.nav and (for_all or self._inside)]
        )

    @cached_property
    def _head(self) -> Head | None:
        """Where the log stands, and in the same query how many notices this person has not read."""
        heads = Head.objects.select_related("log")
        if self._actor is not None:
            unread = (
                Notice.objects.filter(person=self._actor.person, channel=Channel.INBOX, read_at=None, withdrawn_at=None)
                .order_by()
                .values("person")
            )
            heads = heads.annotate(unread=Coalesce(Subquery(unread.annotate(count=Count("pk")).values("count")), 0))
        return heads.first()

    @cached_property
    def unread(self) -> int:
        return getattr(self._head, "unread", 0)

    @cached_property
    def head(self) -> HeadLine | None:
        if not self.signed_in or self._head is None:
            return None
        return HeadLine(self._head.size, f"sha256:{bytes(self._head.root).hex()}")

    @cached_property
    def demo(self) -> bool:
        return self._head is not None and self._head.log.mode == Log.Mode.DEMO

    @property
    def manage(self) -> str:
        """How a command of this portal begins, so that it works where it is pasted. The folder in a demonstration only: where an operator keeps
        things is nobody else's.
        """
        return way_in.manage() if self.demo else "./portal manage"


def portal(request: HttpRequest) -> dict[str, Portal]:
    return {"portal": Portal(request)}
