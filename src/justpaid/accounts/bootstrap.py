"""The first key of an installation comes from its environment: there is no key yet to ask the API for one."""

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from justpaid.accounts.keys import digest_of, is_secret, issue_key, mode_of
from justpaid.accounts.organisations import create_organisation
from justpaid.accounts.tables import ApiKey, Organisation
from justpaid.kernel.errors import InvalidRequest
from justpaid.platform.database import Database

NAME = "bootstrap"
DEFAULT_ORGANISATION_NAME = "My company"
_LOCK = 7_461_202_612  # so that processes that start together don't make an organisation each

log = structlog.get_logger(__name__)


def bootstrap(database: Database, secret: str, organisation_name: str | None = None) -> str:
    """See to it that `secret` is a key, and give its organisation's id. Safe on every start.

    The first start makes a pair of organisations of the given name. Where there are organisations already, a new secret
    becomes a key of the oldest one of its mode: whoever sets the environment owns the installation. A revoked secret
    stays revoked.
    Raises: InvalidRequest.
    """
    if not is_secret(secret):
        message = "must be sk_test_ or sk_live_ and 4 to 200 of the characters A-Z a-z 0-9 _ -"
        raise InvalidRequest.of("JUSTPAID_BOOTSTRAP_API_KEY", message)
    with database.system() as session:
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        known = session.scalar(sa.select(ApiKey).where(ApiKey.digest == digest_of(secret)))
        if known is None:
            return _adopt(session, secret, organisation_name or DEFAULT_ORGANISATION_NAME)
        if known.revoked_at:
            log.warning("bootstrap_key_is_revoked", key_id=known.id, remedy="set another JUSTPAID_BOOTSTRAP_API_KEY")
        return known.organisation_id


def _adopt(session: Session, secret: str, organisation_name: str) -> str:
    mode = mode_of(secret)
    oldest = sa.select(Organisation).where(Organisation.mode == mode).order_by(Organisation.id).limit(1)
    organisation = session.scalar(oldest)
    if organisation is None:
        pair = create_organisation(session, organisation_name)
        organisation = pair.test if mode == "test" else pair.live
        log.info("organisation_created", organisation_id=organisation.id, mode=mode)
    key = issue_key(session, organisation, NAME, secret=secret)
    log.info("bootstrap_key_added", organisation_id=organisation.id, key_id=key.id, mode=mode)
    return organisation.id
