"""A library that lends books, on Flask and Flask-SQLAlchemy."""

import os
from pathlib import Path

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Base of the models: constraints have names, which SQLite's batch mode needs to find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
app = Flask(__name__)
# Flask-SQLAlchemy takes a relative path from its instance folder, everybody else from the working directory.
beside = Path(__file__).resolve().parents[1] / "library.db"
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("LIBRARY_DATABASE", f"sqlite:///{beside}")
db.init_app(app)

from library import commands, models, views  # noqa: E402, F401 - they need `app` and `db`
