"""All models: who imports this package has the whole metadata."""

from app.db.database import Base
from app.models.task import Task
from app.models.user import User

__all__ = ["Base", "Task", "User"]
