"""backtests"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("of_plan", sa.Text(), nullable=True),
        sa.Column("customers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("customers_total", sa.Integer(), nullable=False),
        sa.Column("customers_done", sa.Integer(), nullable=False),
        sa.Column("done_until", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'completed', 'canceled', 'failed')", name=op.f("ck_backtests_status")
        ),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_backtests_ends_after_start")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_backtests_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtests")),
    )
    op.create_index(op.f("ix_backtests_organisation_id"), "backtests", ["organisation_id"], unique=False)
    op.create_index(
        "ix_backtests_waiting",
        "backtests",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "backtest_customers",
        sa.Column("backtest_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("before", sa.Numeric(), nullable=False),
        sa.Column("after", sa.Numeric(), nullable=False),
        sa.Column("change", sa.Numeric(), nullable=False),
        sa.Column("months", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["backtest_id"], ["backtests.id"], name=op.f("fk_backtest_customers_backtest_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_backtest_customers_customer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_backtest_customers_organisation_id")
        ),
        sa.PrimaryKeyConstraint("backtest_id", "customer_id", "currency", name=op.f("pk_backtest_customers")),
    )
    op.create_index(
        op.f("ix_backtest_customers_backtest_id_after_customer_id"),
        "backtest_customers",
        ["backtest_id", "after", "customer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_backtest_customers_backtest_id_before_customer_id"),
        "backtest_customers",
        ["backtest_id", "before", "customer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_backtest_customers_backtest_id_change_customer_id"),
        "backtest_customers",
        ["backtest_id", "change", "customer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_backtest_customers_organisation_id"), "backtest_customers", ["organisation_id"], unique=False
    )
    for table in ("backtests", "backtest_customers"):
        for statement in isolate(table):
            op.execute(statement)
