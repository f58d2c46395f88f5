"""Who: persons, their accounts, what they may do and since when, and what they put their name to.

A Person is not an account: quorum counts persons. Everything that gives power (roles, competences, clearances, credentials) is
proposed by one person and confirmed by another; until then it is not in force. `people.services` is the only writer.
"""

from people.models.credential import ApiToken, SignInLink
from people.models.grant import Clearance, Competence, Grant, GrantQuerySet, RoleGrant
from people.models.person import Identity, Person, User, UserManager
from people.models.saved_view import SavedView
from people.models.signature import Signature
