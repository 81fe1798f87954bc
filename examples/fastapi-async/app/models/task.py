"""What there is to do."""

from datetime import date

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db.database import Base


class Task(Base):
    """One thing that somebody has to do."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    done: Mapped[bool] = mapped_column(server_default=false())
    due: Mapped[date | None]
    priority: Mapped[int] = mapped_column(server_default="0")
