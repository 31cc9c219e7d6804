"""ledger and credits"""

import sqlalchemy as sa
from alembic import op

from justpaid.platform.database import isolate

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TENANT_TABLES = ("credit_grants", "ledger_accounts", "ledger_entries", "ledger_postings", "top_up_rules", "top_ups")

_ONLY_ADDED_TO = """
    CREATE FUNCTION ledger_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is only added to: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$"""

# Asked of every entry and every posting, when its transaction commits. `now()` is the transaction's start, and so is
# an entry's `recorded_at`: a posting can't be added to an entry of another transaction.
_BALANCES = """
    CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        entry ledger_entries;
        postings bigint;
        balance numeric;
        strangers bigint;
    BEGIN
        SELECT * INTO STRICT entry FROM ledger_entries WHERE id = to_jsonb(NEW) ->> TG_ARGV[0];
        SELECT count(*), sum(p.amount),
            count(*) FILTER (WHERE (a.customer_id, a.currency) <> (entry.customer_id, entry.currency))
            INTO postings, balance, strangers
            FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id WHERE p.entry_id = entry.id;
        IF postings < 2 OR balance <> 0 OR strangers > 0 OR entry.recorded_at <> now() THEN
            RAISE EXCEPTION 'ledger entry % does not balance: % postings, sum %', entry.id, postings, balance
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$"""


def upgrade() -> None:
    op.create_table(
        "credit_grants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("remaining", sa.Numeric(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rollover_percent", sa.Numeric(), nullable=True),
        sa.Column("rollover_maximum", sa.Numeric(), nullable=True),
        sa.Column("rollover_days", sa.Integer(), nullable=True),
        sa.Column("rolled_from", sa.Text(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('prepaid', 'promotional')", name=op.f("ck_credit_grants_kind")),
        sa.CheckConstraint("expires_at > effective_at", name=op.f("ck_credit_grants_expires_after_effective")),
        sa.CheckConstraint("remaining >= 0 AND remaining <= amount", name=op.f("ck_credit_grants_remaining")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_credit_grants_organisation_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_credit_grants_organisation_id")
        ),
        sa.ForeignKeyConstraint(["rolled_from"], ["credit_grants.id"], name=op.f("fk_credit_grants_rolled_from")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_grants")),
    )
    op.create_index(
        "ix_credit_grants_expiring",
        "credit_grants",
        ["organisation_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "ix_credit_grants_open",
        "credit_grants",
        ["organisation_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(op.f("ix_credit_grants_organisation_id"), "credit_grants", ["organisation_id"], unique=False)
    op.create_index(
        op.f("ix_credit_grants_organisation_id_customer_id"),
        "credit_grants",
        ["organisation_id", "customer_id"],
        unique=False,
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accounts_receivable', 'payments_clearing', 'prepaid_credits', 'promotional_credits', 'promotional_allowance', 'breakage_revenue')",
            name=op.f("ck_ledger_accounts_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_ledger_accounts_organisation_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_ledger_accounts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "organisation_id",
            "customer_id",
            "currency",
            "kind",
            name=op.f("uq_ledger_accounts_organisation_id_customer_id_currency_kind"),
        ),
        sa.UniqueConstraint("organisation_id", "id", name=op.f("uq_ledger_accounts_organisation_id_id")),
    )
    op.create_index(op.f("ix_ledger_accounts_organisation_id"), "ledger_accounts", ["organisation_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_ledger_entries_organisation_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_ledger_entries_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("organisation_id", "id", name=op.f("uq_ledger_entries_organisation_id_id")),
        sa.UniqueConstraint(
            "organisation_id", "reason", "reference", name=op.f("uq_ledger_entries_organisation_id_reason_reference")
        ),
    )
    op.create_index(op.f("ix_ledger_entries_organisation_id"), "ledger_entries", ["organisation_id"], unique=False)
    op.create_index(
        op.f("ix_ledger_entries_organisation_id_customer_id_id"),
        "ledger_entries",
        ["organisation_id", "customer_id", "id"],
        unique=False,
    )
    op.create_table(
        "top_up_rules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("grant_at", sa.Text(), nullable=False),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("grant_at IN ('payment', 'once')", name=op.f("ck_top_up_rules_grant_at")),
        sa.CheckConstraint("threshold > 0 AND amount >= threshold", name=op.f("ck_top_up_rules_amount")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_top_up_rules_organisation_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_top_up_rules_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_up_rules")),
        sa.UniqueConstraint(
            "organisation_id",
            "customer_id",
            "currency",
            name=op.f("uq_top_up_rules_organisation_id_customer_id_currency"),
        ),
    )
    op.create_index(op.f("ix_top_up_rules_organisation_id"), "top_up_rules", ["organisation_id"], unique=False)
    op.create_table(
        "ledger_postings",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_postings_amount")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["ledger_accounts.organisation_id", "ledger_accounts.id"],
            name=op.f("fk_ledger_postings_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "entry_id"],
            ["ledger_entries.organisation_id", "ledger_entries.id"],
            name=op.f("fk_ledger_postings_organisation_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_ledger_postings_organisation_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_ledger_postings")),
    )
    op.create_index(op.f("ix_ledger_postings_account_id"), "ledger_postings", ["account_id"], unique=False)
    op.create_index(op.f("ix_ledger_postings_organisation_id"), "ledger_postings", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_ledger_postings_subject"), "ledger_postings", ["subject"], unique=False)
    op.create_table(
        "top_ups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('due', 'paid', 'canceled')", name=op.f("ck_top_ups_status")),
        sa.ForeignKeyConstraint(["grant_id"], ["credit_grants.id"], name=op.f("fk_top_ups_grant_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "customer_id"],
            ["customers.organisation_id", "customers.id"],
            name=op.f("fk_top_ups_organisation_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_top_ups_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_ups")),
    )
    op.create_index(op.f("ix_top_ups_organisation_id"), "top_ups", ["organisation_id"], unique=False)
    op.create_index(
        op.f("ix_top_ups_organisation_id_customer_id"), "top_ups", ["organisation_id", "customer_id"], unique=False
    )
    op.create_index(
        "uq_top_ups_awaited",
        "top_ups",
        ["organisation_id", "customer_id", "currency"],
        unique=True,
        postgresql_where=sa.text("automatic AND status = 'due' AND grant_id IS NULL"),
    )
    for table in _TENANT_TABLES:
        for statement in isolate(table):
            op.execute(statement)
    op.execute(_ONLY_ADDED_TO)
    for table in ("ledger_accounts", "ledger_entries", "ledger_postings"):
        op.execute(
            f"CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_only_added_to()"
        )
    op.execute(_BALANCES)
    for table, key in (("ledger_entries", "id"), ("ledger_postings", "entry_id")):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances('{key}')"
        )
