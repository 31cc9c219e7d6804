"""Alembic's entry: run the migrations on the connection that `Database.migrate` holds."""

from alembic import context

from justpaid.platform.database import Record

context.configure(connection=context.config.attributes["connection"], target_metadata=Record.metadata)
with context.begin_transaction():
    context.run_migrations()
