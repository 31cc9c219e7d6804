"""tax by product, invoices of top-ups, threshold billing"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("tax_rates", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
