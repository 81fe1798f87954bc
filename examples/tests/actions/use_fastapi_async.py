"""Somebody makes a list of tasks."""

from fastapi.testclient import TestClient

from app.main import app

with TestClient(app) as client:
    user = client.post("/users", json={"email": "Ada@example.org", "name": "Ada"})
    assert user.status_code == 201, user.text
    assert client.post("/users", json={"email": "ada@example.org", "name": "Eve"}).status_code == 409
    added = client.post(f"/users/{user.json()}/tasks", json={"title": "pay rent", "due": "2026-12-01"})
    assert added.status_code == 201, added.text
    [task] = client.get(f"/users/{user.json()}/tasks").json()
    assert (task["title"], task["done"], task["due"], task["priority"]) == (
        "pay rent",
        False,
        "2026-12-01",
        0,
    )
    assert client.post("/users/999/tasks", json={"title": "nobody's"}).status_code == 404
print("served")
