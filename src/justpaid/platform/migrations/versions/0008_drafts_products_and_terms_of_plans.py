"""drafts, products and terms of plans

Versions that exist were published when they were made.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_products_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_products_organisation_id_key")),
    )
    op.create_index(op.f("ix_products_organisation_id"), "products", ["organisation_id"], unique=False)
    for statement in isolate("products"):
        op.execute(statement)

    op.add_column("plans", sa.Column("kind", sa.Text(), server_default="plan", nullable=False))
    op.create_check_constraint(op.f("ck_plans_kind"), "plans", "kind IN ('plan', 'add_on')")
    op.add_column("plans", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))

    json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("plan_versions", sa.Column("currencies", json, server_default="{}", nullable=False))
    op.add_column("plan_versions", sa.Column("trial_days", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_plan_versions_trial_days"), "plan_versions", "trial_days >= 0")
    op.add_column(
        "plan_versions",
        sa.Column("minimum_commitment", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.add_column("plan_versions", sa.Column("billing_thresholds", json, server_default="[]", nullable=False))
    op.add_column("plan_versions", sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE plan_versions SET published_at = created_at")
    op.execute("""
        CREATE FUNCTION refuse_change_of_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'version % of plan % is published and never changes', OLD.version, OLD.plan_id
                USING ERRCODE = 'restrict_violation';
        END $$""")
    op.execute("""
        CREATE TRIGGER published_versions_never_change BEFORE UPDATE OR DELETE ON plan_versions
        FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
        EXECUTE FUNCTION refuse_change_of_published_version()""")
