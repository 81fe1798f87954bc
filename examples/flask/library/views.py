"""What the library answers."""

from datetime import date

from flask import abort, request
from sqlalchemy import func, select

from library import app, db
from library.models import Book, Loan
from library.titles import slug_of


@app.post("/books")
def add_book() -> tuple[dict[str, object], int]:
    """Put a book on the shelf."""
    title = str(request.get_json()["title"])
    book = Book(title=title, slug=slug_of(title))
    db.session.add(book)
    db.session.commit()
    return {"slug": book.slug, "copies": book.copies}, 201


@app.post("/books/<slug>/loans")
def lend(slug: str) -> tuple[dict[str, object], int]:
    """Lend a book, if there is one left."""
    book = db.session.scalar(select(Book).where(Book.slug == slug).with_for_update())
    if book is None:
        abort(404)
    out = db.session.scalar(select(func.count()).where(Loan.book_id == book.id)) or 0
    if out >= book.copies:
        abort(409)
    told = request.get_json()
    until = date.fromisoformat(told["until"]) if told.get("until") else None
    db.session.add(Loan(book_id=book.id, reader=str(told["reader"]), until=until))
    db.session.commit()
    return {"left": book.copies - out - 1}, 201
