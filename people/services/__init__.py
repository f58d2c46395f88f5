"""The verbs of this room. Nobody else writes its tables."""

from people.services.credentials import (
    change_password,
    confirm_link,
    first_administrator_link,
    forget_secret,
    persona_link,
    propose_link,
    release_persona,
    use_link,
    use_link_with_provider,
    withdraw_link,
)
from people.services.factors import add_passkey, add_totp, remove_factor, renew_recovery_codes, use_recovery_code
from people.services.grants import (
    appoint_first_administrators,
    confirm_end,
    confirm_grant,
    grant_clearance,
    grant_competence,
    grant_role,
    propose_end,
    withdraw_grant,
)
from people.services.identities import link_identity, unlink_identity
from people.services.persons import close_user, create_user, invite, register_person, reopen_user
from people.services.sessions import end_other_sessions, end_sessions
from people.services.tokens import create_token, revoke_token
