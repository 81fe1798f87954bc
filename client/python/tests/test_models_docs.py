"""Every snippet of the page about models does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from bed.programs import ROOT
from bed.project import Project


def test_the_snippets_run_in_order(project: Project) -> None:
    page = (ROOT / "docs" / "sqlalchemy.md").read_text()
    snippets = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(snippets) == 4
    script = project.folder / "page.py"
    script.write_text("\n".join(snippets))
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
    made, described = done.stdout.splitlines()
    assert re.fullmatch(r"\w+_customers\.sql 0", made)
    assert described == "{'name': 'id', 'type': 'SERIAL', 'nullable': False}"
