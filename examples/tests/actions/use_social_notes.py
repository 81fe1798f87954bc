"""Somebody writes notes; a reader may not."""

from fastapi.testclient import TestClient

from notes.main import app

with TestClient(app) as client:
    reader = client.post("/users", json={"handle": "eve"}).json()
    writer = client.post("/users", json={"handle": "ada", "role": "writer"}).json()
    assert client.post(f"/users/{reader['id']}/notes", json={"text": "?"}).status_code == 403
    for text, visibility in (("mine", "private"), ("everybody's", "public")):
        note = client.post(f"/users/{writer['id']}/notes", json={"text": text, "visibility": visibility})
        assert note.status_code == 201, note.text
    [public] = client.get("/notes").json()
    assert public["text"] == "everybody's"
print("served")
