"""Who calls: organisations in test and live mode, the API keys that act for them, and the people in them."""

from justpaid.accounts.audit import Actor, AuditEntry, audit, list_audit_entries
from justpaid.accounts.authentication import Identity, authenticate, recall
from justpaid.accounts.bootstrap import bootstrap
from justpaid.accounts.email import normalised_email
from justpaid.accounts.joining import (
    accept_invitation,
    create_user,
    find_or_create_user,
    found_organisations,
    issue_set_up_code,
    join,
    join_pair,
    needs_set_up,
    set_up,
)
from justpaid.accounts.keys import IssuedKey, issue_key, list_keys, revoke_key
from justpaid.accounts.links import LinkUsedUp, issue_sign_in_link, use_link
from justpaid.accounts.members import (
    INVITATION_LIFE,
    Invitation,
    change_role,
    invite_member,
    list_members,
    remove_member,
)
from justpaid.accounts.organisations import (
    Pair,
    create_organisation,
    find_organisation,
    list_organisations,
    update_organisation,
)
from justpaid.accounts.own_clock import MAX_YEARS_AHEAD, check_advance, clock_of, set_clock
from justpaid.accounts.people import Membership, Profile, list_users, profile_of
from justpaid.accounts.people_tables import Member, OneTimeLink, SignInAttempts, User, UserSession
from justpaid.accounts.recent import SignedIn
from justpaid.accounts.roles import PERMISSIONS, PERMISSIONS_OF, ROLES, Permission, Role, may, roles_that_may
from justpaid.accounts.sessions import (
    Client,
    Lifetime,
    NotSignedIn,
    OpenedSession,
    end_session,
    end_token,
    identify_session,
    list_sessions,
    open_session,
    recall_session,
    switch_organisation,
)
from justpaid.accounts.settings import (
    MAX_NET_DAYS,
    InvoiceSettings,
    OrganisationSettings,
    SellerSettings,
    image_of,
    settings_of,
)
from justpaid.accounts.sign_in import check_current_password, check_password, find_user, set_password
from justpaid.accounts.tables import ApiKey, Mode, Organisation
from justpaid.accounts.tokens import csrf_token, is_csrf_token
from justpaid.accounts.upkeep import forget_expired

__all__ = [
    "INVITATION_LIFE",
    "MAX_NET_DAYS",
    "MAX_YEARS_AHEAD",
    "PERMISSIONS",
    "PERMISSIONS_OF",
    "ROLES",
    "Actor",
    "ApiKey",
    "AuditEntry",
    "Client",
    "Identity",
    "Invitation",
    "InvoiceSettings",
    "IssuedKey",
    "Lifetime",
    "LinkUsedUp",
    "Member",
    "Membership",
    "Mode",
    "NotSignedIn",
    "OneTimeLink",
    "OpenedSession",
    "Organisation",
    "OrganisationSettings",
    "Pair",
    "Permission",
    "Profile",
    "Role",
    "SellerSettings",
    "SignInAttempts",
    "SignedIn",
    "User",
    "UserSession",
    "accept_invitation",
    "audit",
    "authenticate",
    "bootstrap",
    "change_role",
    "check_advance",
    "check_current_password",
    "check_password",
    "clock_of",
    "create_organisation",
    "create_user",
    "csrf_token",
    "end_session",
    "end_token",
    "find_or_create_user",
    "find_organisation",
    "find_user",
    "forget_expired",
    "found_organisations",
    "identify_session",
    "image_of",
    "invite_member",
    "is_csrf_token",
    "issue_key",
    "issue_set_up_code",
    "issue_sign_in_link",
    "join",
    "join_pair",
    "list_audit_entries",
    "list_keys",
    "list_members",
    "list_organisations",
    "list_sessions",
    "list_users",
    "may",
    "needs_set_up",
    "normalised_email",
    "open_session",
    "profile_of",
    "recall",
    "recall_session",
    "remove_member",
    "revoke_key",
    "roles_that_may",
    "set_clock",
    "set_password",
    "set_up",
    "settings_of",
    "switch_organisation",
    "update_organisation",
    "use_link",
]
