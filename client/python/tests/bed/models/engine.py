"""A dialect of SQLAlchemy with a target of it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bed.project import Project

DIALECTS = ["postgresql", "mysql", "mariadb", "sqlite"]
"""The dialects; `mysql` and `mariadb` both speak to MariaDB."""


@dataclass
class Engine:
    """A dialect of SQLAlchemy, and a project with a target of it."""

    dialect: str
    project: Project

    @property
    def url(self) -> str:
        """The URL as SQLAlchemy wants it."""
        url = self.project.url
        if self.dialect == "postgresql":
            return url.replace("postgresql://", "postgresql+psycopg://")
        if self.dialect == "sqlite":
            return f"sqlite:///{self.project.folder / 'shop.db'}"
        return url.replace("mysql://", f"{self.dialect}+pymysql://")

    @property
    def server(self) -> str:
        """The server's version, as it tells it."""
        question = "SELECT sqlite_version()" if self.dialect == "sqlite" else "SELECT version()"
        return self.execute(question).removeprefix("PostgreSQL ").split(" ")[0]

    def execute(self, *statements: str) -> str:
        """Execute SQL, and tell what the last statement answered first."""
        connected = sa.create_engine(self.url)
        answer = ""
        with connected.begin() as connection:
            for statement in statements:
                done = connection.exec_driver_sql(statement)
                answer = str(done.scalar()) if done.returns_rows else ""
        connected.dispose()
        return answer
