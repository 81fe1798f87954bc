"""Every snippet of the README does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from bed.programs import ROOT
from bed.project import Project

README = ROOT / "client" / "python" / "README.md"


def test_the_snippets_run_in_order(project: Project) -> None:
    snippets = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(snippets) >= 8
    (project.folder / "migrations").rmdir()
    script = project.folder / "readme.py"
    # The team's daemon is nowhere: what is made there is only closed.
    after = "\nclient.close()\n"
    script.write_text("\n".join(code + (after if "example.org" in code else "") for code in snippets))
    environ = {**project.environ, "PYTHONPATH": str(Path(ROOT, "client", "python", "src"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=project.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for line in (
        "SUCCEEDED ('a1',)",
        ": 1 statements",
        "MG1001 UNKNOWN_REVISION",
        "no target was touched: nothing was executed",
        "`migratectl history` lists what there is",
        "_broken.sql:7",
    ):
        assert line in done.stdout, done.stdout


def test_every_call_is_in_the_table() -> None:
    from migrated import Client

    table = README.read_text().split("## All calls")[1]
    named = set(re.findall(r"`([a-z_]+)`", table))
    calls = {name for name in dir(Client) if not name.startswith("_")} - {"close"}
    assert calls == named & calls, sorted(calls - named)
