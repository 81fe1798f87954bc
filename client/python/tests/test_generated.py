"""Generated code is up to date, and reaches every RPC."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bed.programs import ROOT
from migrated import AsyncClient, Client, Config
from migrated.config.keys import KEYS
from migrated.result import RunState
from migrated.v1 import RunState as RunStateMessage

PACKAGE = Path(__file__).parents[1]


def test_generated_code_is_up_to_date() -> None:
    command = [sys.executable, str(PACKAGE / "scripts" / "generate"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rpc_is_there_in_both_forms(tmp_path: Path) -> None:
    config = Config.load(cwd=tmp_path, environ={})
    rpcs = 0
    for file in (ROOT / "proto" / "migrated" / "v1").glob("*_service.proto"):
        stem = file.stem.removesuffix("_service")
        for line in file.read_text().splitlines():
            if line.strip().startswith("rpc "):
                name = line.split("rpc ")[1].split("(")[0]
                snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
                for client in (Client(config), AsyncClient(config)):
                    assert callable(getattr(getattr(client.api, f"{stem}s"), snake)), name
                rpcs += 1
    assert rpcs >= 40


def test_both_forms_have_the_same_calls() -> None:
    def calls(of: type) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_")}

    assert calls(Client) - {"close"} == calls(AsyncClient) - {"aclose"}


def test_the_keys_are_those_of_migratectl() -> None:
    text = (ROOT / "client" / "rust" / "src" / "config" / "keys.rs").read_text()
    for key in KEYS.values():
        assert f'"{key.name}"' in text
    assert text.count("    key(") + text.count("    secret(") == len(KEYS)


def test_states_have_the_numbers_of_the_messages() -> None:
    assert {f"RUN_STATE_{state.name}": state.value for state in RunState} == dict(RunStateMessage.items())
    assert RunState(99) is RunState.UNSPECIFIED
