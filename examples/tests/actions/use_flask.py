"""A reader borrows books."""

from library import app

client = app.test_client()
added = client.post("/books", json={"title": "Emma"})
assert added.status_code == 201, added.text
assert added.get_json() == {"slug": "emma", "copies": 1}
assert client.post("/books/emma/loans", json={"reader": "Ada", "until": "2026-12-24"}).status_code == 201
assert client.post("/books/emma/loans", json={"reader": "Eve"}).status_code == 409
# Those that the history brought, with the addresses that it gave them.
assert client.post("/books/the-trial/loans", json={"reader": "Eve"}).get_json() == {"left": 1}
assert client.post("/books/it-s-a-100-colon-story/loans", json={"reader": "Eve"}).status_code == 201
assert client.post("/books/no-such/loans", json={"reader": "Eve"}).status_code == 404
print("served")
