"""Runs migrations inside the transaction that data.store has opened."""

from alembic import context

from data.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True, render_as_batch=True)
context.run_migrations()
