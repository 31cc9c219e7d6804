"""Standing checks that are queries: each finds the rows that break a rule."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session


def broken_rules(session: Session, queries: Mapping[str, str]) -> list[str]:
    """`queries`: what a found row means, and the query, whose first column names the row. Empty when all is well."""
    problems = []
    for problem, query in queries.items():
        found = session.scalars(sa.text(query)).all()
        if found:
            problems.append(f"{problem}: {len(found)} times, first at {found[0]}")
    return problems
