"""totals, tax, coupons, credit notes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TENANT_TABLES = (
    "tax_rates",
    "coupons",
    "discounts",
    "discount_uses",
    "invoice_items",
    "credit_notes",
    "credit_note_lines",
    "credit_note_counters",
)


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("duration", sa.Text(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=True),
        sa.Column("max_redemptions", sa.Integer(), nullable=True),
        sa.Column("max_redemptions_per_customer", sa.Integer(), nullable=True),
        sa.Column("redeem_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prices", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plans", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("redemptions", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name=op.f("ck_coupons_amount_with_currency")),
        sa.CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name=op.f("ck_coupons_percent_or_amount")),
        sa.CheckConstraint("redemptions <= max_redemptions", name=op.f("ck_coupons_redemptions_within_limit")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_coupons_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_coupons_organisation_id_key")),
    )
    op.create_index(op.f("ix_coupons_organisation_id"), "coupons", ["organisation_id"], unique=False)
    op.create_table(
        "credit_note_counters",
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_credit_note_counters_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_credit_note_counters")),
    )
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("percent >= 0 AND percent <= 100", name=op.f("ck_tax_rates_percent")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_tax_rates_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_tax_rates_organisation_id_key")),
    )
    op.create_index(op.f("ix_tax_rates_organisation_id"), "tax_rates", ["organisation_id"], unique=False)
    op.create_table(
        "discounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("coupon_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupons.id"], name=op.f("fk_discounts_coupon_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_discounts_customer_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_discounts_organisation_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_discounts_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discounts")),
    )
    op.create_index(op.f("ix_discounts_customer_id"), "discounts", ["customer_id"], unique=False)
    op.create_index(op.f("ix_discounts_organisation_id"), "discounts", ["organisation_id"], unique=False)
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=True),
        sa.Column("subtotal", sa.Numeric(), nullable=False),
        sa.Column("tax", sa.Numeric(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("amount_off_due", sa.Numeric(), nullable=False),
        sa.Column("to_balance", sa.Numeric(), nullable=False),
        sa.Column("refund_due", sa.Numeric(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('issued', 'void')", name=op.f("ck_credit_notes_status")),
        sa.CheckConstraint(
            "total = amount_off_due + to_balance + refund_due", name=op.f("ck_credit_notes_total_goes_somewhere")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credit_notes_customer_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["credit_grants.id"], name=op.f("fk_credit_notes_grant_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_credit_notes_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_credit_notes_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_credit_notes_organisation_id_number")),
    )
    op.create_index(op.f("ix_credit_notes_invoice_id"), "credit_notes", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_credit_notes_organisation_id"), "credit_notes", ["organisation_id"], unique=False)
    op.create_index(
        op.f("ix_credit_notes_organisation_id_customer_id"),
        "credit_notes",
        ["organisation_id", "customer_id"],
        unique=False,
    )
    op.create_table(
        "discount_uses",
        sa.Column("discount_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["discount_id"], ["discounts.id"], name=op.f("fk_discount_uses_discount_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_discount_uses_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_discount_uses_organisation_id")
        ),
        sa.PrimaryKeyConstraint("discount_id", "invoice_id", name=op.f("pk_discount_uses")),
    )
    op.create_index(op.f("ix_discount_uses_invoice_id"), "discount_uses", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_discount_uses_organisation_id"), "discount_uses", ["organisation_id"], unique=False)
    op.create_table(
        "invoice_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("unit_amount", sa.Numeric(), nullable=False),
        sa.Column("tax_rates", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("discountable", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoice_items_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_items_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invoice_items_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_items")),
    )
    op.create_index(op.f("ix_invoice_items_customer_id"), "invoice_items", ["customer_id"], unique=False)
    op.create_index(op.f("ix_invoice_items_invoice_id"), "invoice_items", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_invoice_items_organisation_id"), "invoice_items", ["organisation_id"], unique=False)
    op.create_table(
        "credit_note_lines",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("credit_note_id", sa.Text(), nullable=False),
        sa.Column("invoice_line_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("tax", sa.Numeric(), nullable=False),
        sa.Column("taxes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_credit_note_lines_credit_note_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_line_id"], ["invoice_lines.id"], name=op.f("fk_credit_note_lines_invoice_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_credit_note_lines_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_lines")),
        sa.UniqueConstraint("credit_note_id", "position", name=op.f("uq_credit_note_lines_credit_note_id_position")),
    )
    op.create_index(
        op.f("ix_credit_note_lines_invoice_line_id"), "credit_note_lines", ["invoice_line_id"], unique=False
    )
    op.create_index(
        op.f("ix_credit_note_lines_organisation_id"), "credit_note_lines", ["organisation_id"], unique=False
    )
    op.add_column("customers", sa.Column("tax_status", sa.Text(), server_default="taxable", nullable=False))
    op.add_column(
        "customers", sa.Column("tax_ids", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )
    op.add_column(
        "customers", sa.Column("tax_rates", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("customers", sa.Column("net_days", sa.Integer(), nullable=True))
    op.add_column("customers", sa.Column("po_number", sa.Text(), nullable=True))
    op.add_column("invoice_lines", sa.Column("item_id", sa.Text(), nullable=True))
    op.add_column(
        "invoice_lines", sa.Column("discountable", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.add_column("invoice_lines", sa.Column("discount", sa.Numeric(), server_default="0", nullable=False))
    op.add_column("invoice_lines", sa.Column("tax", sa.Numeric(), server_default="0", nullable=False))
    op.add_column(
        "invoice_lines",
        sa.Column("taxes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.alter_column("invoice_lines", "price_key", existing_type=sa.TEXT(), nullable=True)
    op.create_foreign_key(op.f("fk_invoice_lines_item_id"), "invoice_lines", "invoice_items", ["item_id"], ["id"])
    op.add_column("invoices", sa.Column("kind", sa.Text(), server_default="subscription", nullable=False))
    op.add_column("invoices", sa.Column("tax_included", sa.Numeric(), server_default="0", nullable=False))
    op.add_column("invoices", sa.Column("carried_over", sa.Numeric(), server_default="0", nullable=False))
    op.add_column("invoices", sa.Column("amount_credited", sa.Numeric(), server_default="0", nullable=False))
    op.add_column(
        "invoices", sa.Column("discounts", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )
    op.add_column(
        "invoices", sa.Column("taxes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )
    op.add_column("invoices", sa.Column("memo", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("po_number", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("net_days", sa.Integer(), nullable=True))
    op.add_column("invoices", sa.Column("uncollectible_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("invoices", "subscription_id", existing_type=sa.TEXT(), nullable=True)
    op.alter_column("invoices", "plan_version_id", existing_type=sa.TEXT(), nullable=True)
    op.create_check_constraint("tax_status", "customers", "tax_status IN ('taxable', 'exempt', 'reverse_charge')")
    op.alter_column("invoices", "agreement", nullable=True)
    op.drop_constraint(op.f("ck_credit_grants_kind"), "credit_grants")
    op.create_check_constraint("kind", "credit_grants", "kind IN ('prepaid', 'promotional', 'carry_over')")
    for name in ("status", "numbered_when_final"):
        op.drop_constraint(op.f(f"ck_invoices_{name}"), "invoices")
    for name, rule in (
        ("status", "status IN ('draft', 'finalized', 'paid', 'void', 'uncollectible', 'skipped')"),
        ("kind", "kind IN ('subscription', 'one_off', 'supplementary', 'threshold')"),
        ("numbered_when_final", "(status IN ('draft', 'skipped')) = (number IS NULL)"),
        ("one_off_without_subscription", "(kind = 'one_off') = (subscription_id IS NULL)"),
        ("total_not_negative", "total >= 0"),
        ("amount_due_not_negative", "amount_due >= 0"),
    ):
        op.create_check_constraint(name, "invoices", rule)
    for table in _TENANT_TABLES:
        for statement in isolate(table):
            op.execute(statement)
