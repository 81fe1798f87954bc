"""The application: `uvicorn app.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import schema
from app.core.config import settings
from app.db.database import engine, session
from app.models import Task, User

Session = Annotated[AsyncSession, Depends(session)]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Serve once the schema is there."""
    if settings.migrate_at_start:
        await schema.upgrade()
    yield
    await engine.dispose()


app = FastAPI(title="Tasks", lifespan=lifespan)


class NewUser(BaseModel):
    """What a person says of themselves."""

    email: str
    name: str


class NewTask(BaseModel):
    """What is to be done."""

    title: str
    due: date | None = None


class TaskAnswer(BaseModel):
    """A task as it stands in the database."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    done: bool
    due: date | None
    priority: int


@app.post("/users", status_code=201)
async def add_user(new: NewUser, database: Session) -> int:
    """Add a person; an address is taken whatever its case."""
    user = User(email=new.email, name=new.name)
    database.add(user)
    try:
        await database.commit()
    except IntegrityError as error:
        raise HTTPException(409, "this address is taken") from error
    return user.id


@app.post("/users/{user_id}/tasks", status_code=201, response_model=TaskAnswer)
async def add_task(user_id: int, new: NewTask, database: Session) -> Task:
    """Add a task; what it does not say, the database's defaults do."""
    if await database.get(User, user_id) is None:
        raise HTTPException(404, "nobody has this number")
    task = Task(owner_id=user_id, title=new.title, due=new.due)
    database.add(task)
    await database.commit()
    await database.refresh(task)
    return task


@app.get("/users/{user_id}/tasks", response_model=list[TaskAnswer])
async def tasks_of(user_id: int, database: Session) -> list[Task]:
    """List what somebody has to do, the most urgent first."""
    wanted = select(Task).where(Task.owner_id == user_id).order_by(Task.priority.desc(), Task.id)
    return list(await database.scalars(wanted))
