"""consolidated invoices"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_parts",
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("plan_version_id", sa.Text(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreement", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_parts_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invoice_parts_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["plan_versions.id"], name=op.f("fk_invoice_parts_plan_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_invoice_parts_subscription_id")
        ),
        sa.PrimaryKeyConstraint("invoice_id", "position", name=op.f("pk_invoice_parts")),
        sa.UniqueConstraint(
            "subscription_id",
            "period_start",
            "period_end",
            name=op.f("uq_invoice_parts_subscription_id_period_start_period_end"),
        ),
    )
    op.create_index(op.f("ix_invoice_parts_organisation_id"), "invoice_parts", ["organisation_id"], unique=False)
    op.add_column("customers", sa.Column("consolidate_invoices", sa.Boolean(), nullable=True))
    for table in ("invoice_lines", "late_usage_lines"):
        op.add_column(table, sa.Column("subscription_id", sa.Text(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_subscription_id"), table, "subscriptions", ["subscription_id"], ["id"])
    op.add_column("invoice_lines", sa.Column("plan_name", sa.Text(), nullable=True))
    for statement in isolate("invoice_parts"):
        op.execute(statement)
