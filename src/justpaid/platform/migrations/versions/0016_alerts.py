"""alerts, their firings, and the outbox of e-mails"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("sent_at IS NULL OR next_at IS NULL", name=op.f("ck_outbox_sent_once")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_outbox_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_about"), "outbox", ["about"], unique=False)
    op.create_index(op.f("ix_outbox_organisation_id"), "outbox", ["organisation_id"], unique=False)
    op.create_index(
        "ix_outbox_waiting", "outbox", ["next_at"], unique=False, postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("limit", sa.Numeric(), nullable=True),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("measure IN ('usage', 'cost')", name=op.f("ck_alerts_measure")),
        sa.CheckConstraint("base IN ('included_quantity', 'last_period')", name=op.f("ck_alerts_base")),
        sa.CheckConstraint("made_by IN ('organisation', 'customer')", name=op.f("ck_alerts_made_by")),
        sa.CheckConstraint("(measure = 'usage') = (meter IS NOT NULL)", name=op.f("ck_alerts_meter_of_usage")),
        sa.CheckConstraint("(measure = 'cost') = (currency IS NOT NULL)", name=op.f("ck_alerts_currency_of_cost")),
        sa.CheckConstraint('("limit" IS NULL) = (base IS NOT NULL)', name=op.f("ck_alerts_limit_or_base")),
        sa.CheckConstraint("base IS NULL OR percent IS NOT NULL", name=op.f("ck_alerts_percent_of_base")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_alerts_organisation_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_alerts_organisation_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_alerts_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("organisation_id", "id", name=op.f("uq_alerts_organisation_id_id")),
    )
    op.create_index(op.f("ix_alerts_organisation_id"), "alerts", ["organisation_id"], unique=False)
    op.create_index(
        op.f("ix_alerts_organisation_id_customer_id"), "alerts", ["organisation_id", "customer_id"], unique=False
    )
    op.create_table(
        "alert_firings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("threshold", sa.Numeric(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "alert_id"],
            ["alerts.organisation_id", "alerts.id"],
            name=op.f("fk_alert_firings_organisation_id_alert_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_alert_firings_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_firings")),
        sa.UniqueConstraint("alert_id", "period_start", name=op.f("uq_alert_firings_alert_id_period_start")),
    )
    op.create_index(op.f("ix_alert_firings_organisation_id"), "alert_firings", ["organisation_id"], unique=False)
    for table in ("outbox", "alerts", "alert_firings"):
        for statement in isolate(table):
            op.execute(statement)
