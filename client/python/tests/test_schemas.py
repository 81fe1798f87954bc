"""Plans, scripts and schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from bed.driven import Make
from bed.project import Project
from migrated import errors

WANTED = "CREATE TABLE t_a1 (id INTEGER PRIMARY KEY, note VARCHAR(20));\n"


def test_plans_and_scripts(placed: Project, client: Make) -> None:
    placed.three()
    with client(placed.config()) as c:
        plan = c.plan("b2")
        assert [step.revision.id for step in plan.steps] == ["a1", "b2"]
        assert "CREATE TABLE t_a1" in plan.steps[0].statements[0]
        down = c.plan("base", direction="downgrade", current=["b2"], dialect="sqlite")
        assert [step.revision.id for step in down.steps] == ["b2", "a1"]
        assert list(c.plan("head", current=[], dialect="mysql").to) == ["c3"]
        script = c.render("a1:c3", tag="for the DBA")
        assert "CREATE TABLE t_c3" in script
        assert "for the DBA" in script
        assert "CREATE TABLE t_a1" not in script
        assert "DROP TABLE t_c3" in c.render("c3:b2", kind="downgrade")
        assert "alembic_version" in c.render(kind="version_table", dialect="postgresql")
        assert c.ensure_version()
        assert not c.ensure_version()
        findings = {finding.code for finding in c.lint("c3").findings}
        assert findings == ({"prefer-bigint-over-int"} if placed.url.startswith("postgresql") else set())
        tested = c.test_target()
        assert tested.version_table_exists
        assert tested.lockable


def test_render_needs_a_dialect(project: Project, client: Make) -> None:
    project.three()
    with client(project.config(database_url=None)) as c:
        assert "BEGIN" in c.render("head", dialect="postgresql")
        with pytest.raises(errors.ConfigInvalid, match="dialect is not known"):
            c.render("head")
        with pytest.raises(errors.ConfigInvalid, match="dialect is not known"):
            c.render("head", target="oracle://h/d")


def test_named_targets(project: Project, client: Make) -> None:
    project.three()
    path = project.folder / "named.db"
    sections = f'[connections.one]\nurl = "sqlite:///{path}"\n'
    # Below the section that allows URLs, which is the one of all targets.
    sections += '[targets.main]\nconnection = "one"\nversion_table = "versions"\n'
    address = project.serve(sections=sections)
    with client(project.config(server=address, database_url=None, target="main")) as c:
        assert {target.name for target in c.targets()} == {"main", "one"}
        assert "INSERT INTO versions" in c.render("head")
        assert c.upgrade("head").result().rows == ("c3",)
        assert list(c.current(target="main").rows) == ["c3"]
        with pytest.raises(errors.TargetNotFound):
            c.current(target="other")


def test_check_diff_inspect_and_autogenerate(placed: Project, client: Make) -> None:
    placed.write("a1")
    wanted = Path(placed.folder, "schema.sql")
    wanted.write_text(WANTED)
    with client(placed.config()) as c:
        with pytest.raises(errors.NotAtHead):
            c.check("schema.sql")
        c.upgrade("head").result()
        assert not c.check().differences
        diff = c.check(wanted)
        assert ["note" in item.summary for item in diff.differences] == [True]
        found, made = c.autogenerate("schema.sql", "add note")
        assert len(found.differences) == 1
        assert made is not None
        assert "note" in made.path.read_text()
        c.upgrade("head").result()
        assert not c.check(wanted).differences
        nothing, none = c.autogenerate(wanted)
        assert not nothing.differences
        assert none is None
        assert not c.diff("schema.sql", "revisions").differences
        assert c.diff(placed.url, wanted.as_posix()).differences == []
        assert "note" in c.inspect(form="sql").text
        wanted.write_text("CREATE TABLE other (id INTEGER PRIMARY KEY);\n")
        with pytest.raises(errors.DropNotAllowed):
            c.autogenerate("schema.sql")


def test_schemas_that_cannot_be_read(project: Project, client: Make) -> None:
    project.three()
    mixed = project.folder / "mixed"
    mixed.mkdir()
    (project.folder / "bad.sql").write_bytes(b"-- a\n-- \xff\n")
    with client(project.config()) as c:
        for schema, told in (("none.sql", "cannot read"), ("mixed", "holds no"), ("bad.sql", "line 2")):
            with pytest.raises(errors.LocalFile, match=told):
                c.check(schema)
        (mixed / "a.sql").write_text("")
        (mixed / "b.yaml").write_text("")
        with pytest.raises(errors.LocalFile, match="several forms"):
            c.check(mixed)
