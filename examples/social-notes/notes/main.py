"""The application: `uvicorn notes.main:app`."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from notes import schema
from notes.config import settings
from notes.enums import Role, Visibility
from notes.models import Note, RefreshToken, User

engine = create_async_engine(settings.database_url)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Serve once the schema is there."""
    if settings.wait_for_schema is not None:
        await schema.wait(settings.wait_for_schema)
    yield
    await engine.dispose()


async def session() -> AsyncIterator[AsyncSession]:
    """Give a request its session."""
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]
app = FastAPI(title="Notes", lifespan=lifespan)


class NewUser(BaseModel):
    """A person, as they sign up."""

    handle: str
    role: Role = Role.READER


class Joined(BaseModel):
    """What a person gets when they sign up: the token is told this once."""

    id: int
    refresh_token: str


class NewNote(BaseModel):
    """A note to be written."""

    text: str
    visibility: Visibility = Visibility.PRIVATE


class NoteAnswer(BaseModel):
    """A note as it stands in the database."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str
    visibility: Visibility
    written_at: AwareDatetime | datetime


@app.post("/users", status_code=201)
async def join(new: NewUser, database: Session) -> Joined:
    """Sign up."""
    token = secrets.token_urlsafe()
    user = User(handle=new.handle, role=new.role)
    digest = hashlib.sha256(token.encode()).hexdigest()
    user.tokens.append(
        RefreshToken(digest=digest, expires_at=datetime.now(timezone.utc) + timedelta(days=30))
    )
    database.add(user)
    await database.commit()
    return Joined(id=user.id, refresh_token=token)


@app.post("/users/{user_id}/notes", status_code=201, response_model=NoteAnswer)
async def write(user_id: int, new: NewNote, database: Session) -> Note:
    """Write a note, which readers may not."""
    user = await database.get(User, user_id)
    if user is None or user.role is Role.READER:
        raise HTTPException(403, "only writers write")
    note = Note(author_id=user_id, text=new.text, visibility=new.visibility)
    database.add(note)
    await database.commit()
    await database.refresh(note)
    return note


@app.get("/notes", response_model=list[NoteAnswer])
async def public_notes(database: Session) -> list[Note]:
    """List what everybody may read."""
    return list(
        await database.scalars(select(Note).where(Note.visibility == Visibility.PUBLIC).order_by(Note.id))
    )
