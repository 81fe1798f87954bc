"""The folder of revisions: listed as `migratectl` lists it, and brought to daemons that do not know it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

import pytest

from bed.driven import Make
from bed.project import Project
from migrated import errors
from migrated.manifest import Hashes, Locations, relative_name
from migrated.pulled import Pulled
from migrated.v1 import PullRevisionsResponse


def listed(project: Project, **settings: object) -> list[str]:
    config = project.config(**settings)
    locations = Locations(project.folder, config.version_locations, recursive=config.switch("recursive"))
    return [entry.path for entry in locations.read().entries]


def test_what_is_listed_and_in_which_order(project: Project) -> None:
    folder = project.folder / "migrations"
    for name in ("b.sql", "a.yaml", "Z.yml", ".hidden.sql", "#x.sql", "y.sql~", "note.txt", ".sql", "é.sql"):
        (folder / name).write_text("x")
    (folder / "inner").mkdir()
    (folder / "inner" / "c.sql").write_text("x")
    (folder / "loop").symlink_to(folder)
    (folder / "gone.sql").symlink_to(folder / "nowhere")
    (folder / "link.sql").symlink_to(folder / "b.sql")
    os.mkfifo(folder / "pipe.sql")
    flat = ["Z.yml", "a.yaml", "b.sql", "link.sql", "é.sql"]
    assert listed(project) == [f"migrations/{name}" for name in flat]
    deep = sorted([*flat, "inner/c.sql"], key=str.encode)
    assert listed(project, recursive=True) == [f"migrations/{name}" for name in deep]
    (project.folder / "more").mkdir()
    (project.folder / "more" / "0.sql").write_text("x")
    assert listed(project, dirs=["more", "migrations"])[0] == "more/0.sql"


def test_the_digest_is_that_of_migratectl(project: Project, client: Make) -> None:
    project.three()
    address = project.serve()
    project.ctl("--server", address, "heads")
    # The daemon knows the manifest by now; were ours another one, it would be asked for its files.
    shutil.copytree(project.folder / "migrations", project.folder / "copy")
    with client(project.config(server=address)) as c:
        assert [head.id for head in c.heads()] == ["c3"]
    log = "".join(project.daemons[0].lines)
    assert log.count("NegotiateManifest") <= 2


def test_a_name_that_is_not_utf8_is_named(project: Project) -> None:
    (Path(os.fsdecode(os.fsencode(project.folder) + b"/migrations/\xff.sql"))).write_text("x")
    with pytest.raises(errors.LocalFile, match="is not UTF-8"):
        listed(project)


def test_a_folder_that_is_missing_or_closed(project: Project) -> None:
    with pytest.raises(errors.LocalFile, match="there is no folder"):
        listed(project, dirs=["nowhere"])
    (project.folder / "migrations" / "a.sql").write_text("x")
    (project.folder / "file").write_text("x")
    with pytest.raises(errors.LocalFile, match="cannot read"):
        listed(project, dirs=["file"])


def test_hashes_of_unchanged_files_are_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project.write("a1")
    hashes = Hashes()
    looked = path.stat()
    first = hashes.of(path, looked)
    stamp, began, _ = hashes.known[path]
    # It was written just now: it could change again without its times moving.
    hashes.known[path] = (stamp, began, b"kept")
    assert hashes.of(path, looked) == first
    hashes.known[path] = (stamp, began + 3_000_000_000, b"kept")
    assert hashes.of(path, looked) == b"kept"
    path.write_text("other")
    assert hashes.of(path, path.stat()) not in {first, b"kept"}


def test_names_of_locations(tmp_path: Path) -> None:
    assert relative_name(tmp_path, tmp_path / "db" / "m") == "db/m"
    assert relative_name(tmp_path / "a", tmp_path / "shared") == "../shared"
    assert relative_name(tmp_path, tmp_path / "x" / "..") == "."


def test_paths_of_the_daemon_stay_inside(project: Project) -> None:
    locations = Locations(project.folder, [project.folder / "migrations"], recursive=False)
    assert locations.file_of("migrations/x/a.sql") == project.folder / "migrations/x/a.sql"
    for path in (
        "migrations/../a.sql",
        "a.sql",
        "migrations",
        "migrations//a.sql",
        "migrations/a\\b.sql",
        "/etc/x",
    ):
        with pytest.raises(errors.LocalFile, match="outside"):
            locations.file_of(path)


def test_push_and_a_client_without_a_folder(project: Project, client: Make) -> None:
    project.three()
    address = project.serve()
    with client(project.config(server=address)) as c:
        pushed = c.push()
        assert (list(pushed.heads), sorted(pushed.added)) == (["c3"], ["a1", "b2", "c3"])
        again = c.push(project.folder / "migrations", expected_version=pushed.version)
        assert again.version == pushed.version
        with pytest.raises(errors.HeadsChanged):
            c.push(expected_version=pushed.version + 7)
        assert [found.name for found in c.projects()] == ["shop"]
    shutil.rmtree(project.folder / "migrations")
    with client(project.config(server=address)) as c:
        assert c.upgrade("head").result().rows == ("c3",)
        with pytest.raises(errors.LocalFile):
            c.push()
    # A draft reaches nobody who means what was published.
    (project.folder / "migrations").mkdir()
    project.write("z9")
    with client(project.config(server=address), published=True) as c:
        assert [head.id for head in c.heads()] == ["c3"]
    with client(project.config(server=address)) as c:
        assert [head.id for head in c.heads()] == ["z9"]


def test_bodies_larger_than_a_message(project: Project, client: Make) -> None:
    filler = "-- " + "x" * 100 + "\n"
    project.write("a1", up=filler * 70_000 + "CREATE TABLE big (id INTEGER);")
    project.write("b2", "a1", up=filler * 29_000 + "CREATE TABLE half (id INTEGER);")
    (project.folder / "migrations" / "c3.sql").write_text(
        "-- revision: c3\n-- down_revision: b2\n\n-- migrate:up\n"
    )
    with client(project.config()) as c:
        assert c.upgrade("head").result().rows == ("c3",)


def test_new_revisions_and_merges(project: Project, client: Make) -> None:
    project.three()
    hook = project.home / "hook"
    hook.write_text('#!/bin/sh\necho "-- formatted" >> "$1"\n')
    hook.chmod(stat.S_IRWXU)
    (project.folder / "migratectl.toml").write_text(f'[[revision.post_write]]\ncommand = ["{hook}"]\n')
    with client(project.config()) as c:
        made = c.revision("add notes", revision_id="d4", up_sql="CREATE TABLE notes (id INTEGER);")
        assert made.id == "d4"
        assert made.path.parent == project.folder / "migrations"
        assert made.path.read_text().endswith("-- formatted\n")
        with pytest.raises(errors.DuplicateRevision):
            c.revision("again", revision_id="d4")
        c.revision("other", heads=["b2"], splice=True, revision_id="e5", branch_labels=["side"])
        assert {head.id for head in c.heads()} == {"d4", "e5"}
        assert [branch.branch_point.id for branch in c.branches()] == ["b2"]
        assert c.resolve("side@head", "base") == {"side@head": ["e5"], "base": []}
        merged = c.merge("heads", message="both", revision_id="f6")
        assert set(merged.revision.down_revisions) == {"d4", "e5"}
        [(shown, file)] = c.show("f6", with_content=True)
        assert shown.is_merge_point
        assert file is not None
        assert "both" in file.content
        hook.write_text("#!/bin/sh\nexit 9\n")
        with pytest.raises(errors.LocalFile, match="exit status 9") as caught:
            c.revision("unformatted", revision_id="g7")
        assert "is written" in caught.value.state


def test_what_was_published_comes_back(project: Project, client: Make) -> None:
    project.three()
    folder = project.folder / "migrations"
    (folder / "empty.sql").write_text("-- revision: d4\n-- down_revision: c3\n")
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    address = project.serve()
    with client(project.config(server=address)) as c:
        c.push()
        for path in sorted(folder.iterdir())[1:]:
            path.rename(path.with_name(f"local_{path.name}"))
        (folder / "note.txt").write_text("mine")
        assert {path.name for path in c.pull()} == set(sorted(texts)[1:])
        assert {name: (folder / name).read_text() for name in texts} == texts
        assert c.pull() == []
        for path in folder.glob("local_*"):
            path.unlink()
        changed = folder / sorted(texts)[0]
        changed.write_text("-- revision: a1\n-- mine\n")
        with pytest.raises(errors.LocalFile, match="differs from the published file") as caught:
            c.pull()
        assert "overwrite" in caught.value.next_command
        assert "mine" in changed.read_text()
        assert c.pull(overwrite=True) == [changed]
        assert {path.name for path in folder.iterdir()} == {*texts, "note.txt"}
        shutil.rmtree(folder)
        assert len(c.pull()) == len(texts)
        assert {path.name: path.read_text() for path in folder.iterdir()} == texts


def _part(path: str, whole: str, offset: int, data: str) -> PullRevisionsResponse:
    return PullRevisionsResponse(
        path=path,
        sha256=hashlib.sha256(whole.encode()).digest(),
        size=len(whole),
        offset=offset,
        data=data.encode(),
    )


def _arrive(pulled: Pulled, parts: list[PullRevisionsResponse]) -> None:
    for part in parts:
        pulled.take(part)
    pulled.finish()


@pytest.mark.parametrize(
    "parts",
    [
        [_part("migrations/a.sql", "abc", 0, "abd")],
        [_part("migrations/a.sql", "abcdef", 0, "abc")],
        [_part("migrations/a.sql", "abcdef", 0, "abc"), _part("migrations/a.sql", "abcdef", 4, "ef")],
        [_part("migrations/a.sql", "abc", 0, "")],
        [_part("migrations/../../a.sql", "abc", 0, "abc")],
        [_part("/etc/a.sql", "abc", 0, "abc")],
    ],
)
def test_what_does_not_arrive_whole_leaves_nothing(
    project: Project, parts: list[PullRevisionsResponse]
) -> None:
    config = project.config()
    pulled = Pulled(Locations(project.folder, config.version_locations, recursive=False), overwrite=True)
    with pytest.raises((errors.BodyMismatch, errors.LocalFile)):
        _arrive(pulled, parts)
    pulled.close()
    assert list((project.folder / "migrations").iterdir()) == []
