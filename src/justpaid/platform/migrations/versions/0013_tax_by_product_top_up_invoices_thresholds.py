"""tax by product, invoices of top-ups, threshold billing"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("tax_rates", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    jsonb = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("subscriptions", sa.Column("billing_thresholds", jsonb, nullable=True))
    op.add_column("invoices", sa.Column("threshold_number", sa.Integer(), nullable=True))
    op.add_column("invoices", sa.Column("billed_before", jsonb, server_default="[]", nullable=False))
    op.create_index(
        "uq_invoices_threshold",
        "invoices",
        ["subscription_id", "period_start", "threshold_number"],
        unique=True,
        postgresql_where=sa.text("kind = 'threshold'"),
    )
    op.add_column("invoices", sa.Column("top_up_id", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_invoices_top_up_id"), "invoices", "top_ups", ["top_up_id"], ["id"])
    op.create_unique_constraint(op.f("uq_invoices_top_up_id"), "invoices", ["top_up_id"])
    for name in ("kind", "one_off_without_subscription"):
        op.drop_constraint(op.f(f"ck_invoices_{name}"), "invoices")
    for name, rule in (
        ("kind", "kind IN ('subscription', 'one_off', 'supplementary', 'threshold', 'top_up')"),
        ("subscription_of_kind", "(kind IN ('one_off', 'top_up')) = (subscription_id IS NULL)"),
        ("threshold_of_kind", "(kind = 'threshold') = (threshold_number IS NOT NULL)"),
        ("top_up_of_kind", "(kind = 'top_up') = (top_up_id IS NOT NULL)"),
    ):
        op.create_check_constraint(name, "invoices", rule)
