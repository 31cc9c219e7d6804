"""From a secret to the organisation that it acts for."""

import sqlalchemy as sa

from justpaid.accounts.keys import digest_of, is_secret
from justpaid.accounts.recent import Identity as Identity
from justpaid.accounts.recent import recent_of
from justpaid.accounts.tables import ApiKey, Organisation
from justpaid.kernel.errors import Unauthenticated
from justpaid.platform.database import Database


def authenticate(database: Database, secret: str) -> Identity:
    """Who holds this secret. Costs a query only when it was not asked for in the last seconds.

    Raises: Unauthenticated, which tells a malformed key from an unknown or revoked one.
    """
    if not is_secret(secret):
        raise Unauthenticated("This is no API key: keys start with sk_test_ or sk_live_. Copy it again, in full.")
    digest = digest_of(secret)
    identity = recent_of(database).get(digest, lambda: _read(database, digest))
    if identity is None:
        raise Unauthenticated("This API key is unknown or was revoked. Use another, or issue a new one: justpaid keys.")
    return identity


def recall(database: Database, secret: str) -> Identity | None:
    """What `authenticate` found in the last seconds, without a query; None does not mean that the secret is wrong."""
    return recent_of(database).recall(digest_of(secret))


def _read(database: Database, digest: str) -> Identity | None:
    query = (
        sa.select(Organisation.id, Organisation.mode, ApiKey.id, Organisation.clock_at, ApiKey.hint)
        .join(Organisation, Organisation.id == ApiKey.organisation_id)
        .where(ApiKey.digest == digest, ApiKey.revoked_at.is_(None))
    )
    with database.system() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        return None
    organisation_id, mode, key_id, clock_at, hint = row
    return Identity(organisation_id, mode, key_id, clock_at, f"sk_{mode}_…{hint}")
