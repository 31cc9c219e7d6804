"""phases of subscriptions

What a subscription agreed on moves from its row into its one phase; what an invoice was composed from, into the invoice.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from justpaid.platform.database import isolate

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSONB = postgresql.JSONB(astext_type=sa.Text())

_PHASES = """
    INSERT INTO subscription_phases (id, organisation_id, subscription_id, start_at, kind, plan_version_id,
        billing_anchor, seats, overrides, add_ons, fees_from, proration)
    SELECT 'phase' || substr(id, 4), organisation_id, id, start_at, 'paid', plan_version_id,
        billing_anchor, seats, '{}', '[]', start_at, 'prorate'
    FROM subscriptions"""

# A line that begins where its invoice's period ends was billed in advance, for the time that it states.
_AGREEMENTS = """
    UPDATE invoices i SET agreement = jsonb_build_object(
        'agreed', jsonb_build_array(a.agreed),
        'at', i.period_end,
        'timezone', i.timezone,
        'past', CASE WHEN i.period_start < i.period_end THEN a.past END,
        'next', CASE WHEN a.ahead_end IS NOT NULL THEN jsonb_build_object('start', i.period_end, 'end', a.ahead_end) END,
        'usage', CASE WHEN i.period_start < i.period_end THEN jsonb_build_array(a.past || '{"agreed": 0}') ELSE '[]' END,
        'fees', CASE WHEN i.period_start < i.period_end THEN jsonb_build_array(a.past || '{"agreed": 0}') ELSE '[]' END,
        'billed_ahead', CASE WHEN i.period_start < i.period_end THEN a.past || '{"agreed": 0}' END,
        'ahead', CASE WHEN a.ahead_end IS NOT NULL
            THEN jsonb_build_object('agreed', 0, 'start', i.period_end, 'end', a.ahead_end) END)
    FROM (
        SELECT i.id, jsonb_build_object('start', i.period_start, 'end', i.period_end) AS past,
            jsonb_build_object('plan_version_id', v.id, 'interval', v.interval, 'billing_anchor', s.billing_anchor,
                'seats', s.seats, 'overrides', '{}'::jsonb, 'add_ons', '[]'::jsonb) AS agreed,
            (SELECT max(l.period_end) FROM invoice_lines l
                WHERE l.invoice_id = i.id AND l.period_start = i.period_end AND l.period_end > i.period_end) AS ahead_end
        FROM invoices i
        JOIN subscriptions s ON s.id = i.subscription_id
        JOIN plan_versions v ON v.id = i.plan_version_id
    ) a
    WHERE a.id = i.id"""

_BILLED = """
    UPDATE subscriptions s SET billed_from = i.period_start, billed_to = i.period_end,
        billed_ahead = CASE WHEN i.agreement->'ahead' <> 'null' THEN jsonb_build_object(
            'agreed', i.agreement->'agreed'->0, 'start', i.agreement->'ahead'->'start', 'end', i.agreement->'ahead'->'end') END
    FROM (SELECT DISTINCT ON (subscription_id) * FROM invoices ORDER BY subscription_id, period_end DESC) i
    WHERE i.subscription_id = s.id"""


def upgrade() -> None:
    op.create_table(
        "subscription_phases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("plan_version_id", sa.Text(), nullable=False),
        sa.Column("billing_anchor", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("overrides", _JSONB, nullable=False),
        sa.Column("add_ons", _JSONB, nullable=False),
        sa.Column("fees_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proration", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('paid', 'trial', 'paused')", name=op.f("ck_subscription_phases_kind")),
        sa.CheckConstraint("proration IN ('prorate', 'none')", name=op.f("ck_subscription_phases_proration")),
        sa.CheckConstraint("fees_from >= start_at", name=op.f("ck_subscription_phases_fees_from")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_subscription_phases_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["plan_versions.id"], name=op.f("fk_subscription_phases_plan_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_subscription_phases_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_phases")),
        sa.UniqueConstraint(
            "subscription_id", "start_at", name=op.f("uq_subscription_phases_subscription_id_start_at")
        ),
    )
    op.create_index(
        op.f("ix_subscription_phases_organisation_id"), "subscription_phases", ["organisation_id"], unique=False
    )
    op.add_column("subscriptions", sa.Column("end_proration", sa.Text(), server_default="prorate", nullable=False))
    op.create_check_constraint("end_proration", "subscriptions", "end_proration IN ('prorate', 'none')")
    op.add_column("subscriptions", sa.Column("currency", sa.Text(), nullable=True))
    op.add_column("subscriptions", sa.Column("billed_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("billed_to", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("billed_ahead", _JSONB, nullable=True))
    op.add_column("invoices", sa.Column("agreement", _JSONB, nullable=True))
    for table in ("subscriptions", "invoices", "invoice_lines", "plan_versions"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # the migration sees every organisation
    op.execute(_PHASES)
    op.execute("UPDATE subscriptions s SET currency = v.currency FROM plan_versions v WHERE v.id = s.plan_version_id")
    op.execute("SET LOCAL timezone = 'UTC'")
    op.execute(_AGREEMENTS)
    op.execute(_BILLED)
    for table in ("subscriptions", "invoices", "invoice_lines", "plan_versions"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.alter_column("subscriptions", "currency", nullable=False)
    op.alter_column("invoices", "agreement", nullable=False)
    op.drop_constraint("uq_invoices_subscription_id_period_end", "invoices")
    op.create_unique_constraint(
        "uq_invoices_subscription_id_period_start_period_end",
        "invoices",
        ["subscription_id", "period_start", "period_end"],
    )
    for column in ("plan_version_id", "billing_anchor", "seats"):
        op.drop_column("subscriptions", column)
    for statement in isolate("subscription_phases"):
        op.execute(statement)
