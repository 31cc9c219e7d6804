"""late usage"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TENANT_TABLES = ("late_usage_marks", "late_usage_corrections", "late_usage_lines")


def upgrade() -> None:
    op.create_table(
        "late_usage_marks",
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("documented_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_late_usage_marks_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_late_usage_marks")),
    )
    op.create_table(
        "late_usage_corrections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("cutoff", sa.BigInteger(), nullable=False),
        sa.Column("customer_keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("discounts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("supplementary_id", sa.Text(), nullable=True),
        sa.Column("credit_note_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(policy = 'credit_note') = (credit_note_id IS NOT NULL)",
            name=op.f("ck_late_usage_corrections_credit_note"),
        ),
        sa.CheckConstraint(
            "(policy = 'supplementary_invoice') = (supplementary_id IS NOT NULL)",
            name=op.f("ck_late_usage_corrections_supplementary"),
        ),
        sa.CheckConstraint(
            "policy IN ('next_invoice', 'supplementary_invoice', 'credit_note')",
            name=op.f("ck_late_usage_corrections_policy"),
        ),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_late_usage_corrections_credit_note_id")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_late_usage_corrections_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_late_usage_corrections_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplementary_id"], ["invoices.id"], name=op.f("fk_late_usage_corrections_supplementary_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_usage_corrections")),
        sa.UniqueConstraint("credit_note_id", name=op.f("uq_late_usage_corrections_credit_note_id")),
        sa.UniqueConstraint("invoice_id", "number", name=op.f("uq_late_usage_corrections_invoice_id_number")),
        sa.UniqueConstraint("supplementary_id", name=op.f("uq_late_usage_corrections_supplementary_id")),
    )
    op.create_index(
        op.f("ix_late_usage_corrections_organisation_id"), "late_usage_corrections", ["organisation_id"], unique=False
    )
    op.create_table(
        "late_usage_lines",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("correction_id", sa.Text(), nullable=False),
        sa.Column("invoice_line_id", sa.Text(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("price_key", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=True),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("discount", sa.Numeric(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["late_usage_corrections.id"], name=op.f("fk_late_usage_lines_correction_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_line_id"], ["invoice_lines.id"], name=op.f("fk_late_usage_lines_invoice_line_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["invoice_items.id"], name=op.f("fk_late_usage_lines_item_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_late_usage_lines_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_usage_lines")),
        sa.UniqueConstraint("correction_id", "position", name=op.f("uq_late_usage_lines_correction_id_position")),
        sa.UniqueConstraint("item_id", name=op.f("uq_late_usage_lines_item_id")),
    )
    op.create_index(op.f("ix_late_usage_lines_invoice_line_id"), "late_usage_lines", ["invoice_line_id"], unique=False)
    op.create_index(op.f("ix_late_usage_lines_organisation_id"), "late_usage_lines", ["organisation_id"], unique=False)
    op.add_column(
        "customer_keys",
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column(
        "invoice_items", sa.Column("taxes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("invoice_items", sa.Column("period_start", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invoice_items", sa.Column("period_end", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invoices", sa.Column("corrects_id", sa.Text(), nullable=True))
    op.drop_constraint(op.f("uq_invoices_subscription_id_period_start_period_end"), "invoices", type_="unique")
    op.create_index(
        "uq_invoices_subscription_id_period_start_period_end",
        "invoices",
        ["subscription_id", "period_start", "period_end"],
        unique=True,
        postgresql_where=sa.text("kind <> 'supplementary'"),
    )
    op.create_index(op.f("ix_invoices_corrects_id"), "invoices", ["corrects_id"], unique=False)
    op.create_foreign_key(op.f("fk_invoices_corrects_id"), "invoices", "invoices", ["corrects_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_invoices_supplementary_corrects"), "invoices", "(kind = 'supplementary') = (corrects_id IS NOT NULL)"
    )
    for table in _TENANT_TABLES:
        for statement in isolate(table):
            op.execute(statement)
