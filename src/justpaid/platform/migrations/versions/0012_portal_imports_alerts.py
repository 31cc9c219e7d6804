"""portal links, imports, alerts and their e-mails"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_invoices_organisation_id_issued_at"), "invoices", ["organisation_id", "issued_at"])
    op.create_table(
        "portal_links",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("theme IN ('light', 'dark', 'auto')", name=op.f("ck_portal_links_theme")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_portal_links_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_portal_links_organisation_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_portal_links_digest")),
    )
    op.create_index(op.f("ix_portal_links_organisation_id"), "portal_links", ["organisation_id"])
    op.create_index(
        op.f("ix_portal_links_organisation_id_customer_id"), "portal_links", ["organisation_id", "customer_id"]
    )
    for statement in isolate("portal_links"):
        op.execute(statement)
    op.create_table(
        "imports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("delimiter", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("suggested_mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mapping", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("rejected_bytes", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('uploaded', 'running', 'completed', 'failed')", name=op.f("ck_imports_status")),
        sa.CheckConstraint("(status = 'uploaded') = (mapping IS NULL)", name=op.f("ck_imports_mapped_when_started")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_imports_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_organisation_id"), "imports", ["organisation_id"])
    op.create_index("ix_imports_running", "imports", ["created_at"], postgresql_where=sa.text("status = 'running'"))
    for statement in isolate("imports"):
        op.execute(statement)
