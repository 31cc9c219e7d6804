"""Tax rates."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord


class TaxRate(TenantRecord):
    """`percent` of the net amount; `inclusive`: contained in prices instead of added to them.

    `is_default`: for every customer without rates of its own whose address lies in `country` and `region`, where they
    are named. `active`: false takes it out of use; what names it is then taxed without it.
    """

    __tablename__ = "tax_rates"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "key"),
        sa.CheckConstraint("percent >= 0 AND percent <= 100", name="percent"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(sa.Numeric)
    inclusive: Mapped[bool]
    country: Mapped[str | None]
    region: Mapped[str | None]
    is_default: Mapped[bool]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
