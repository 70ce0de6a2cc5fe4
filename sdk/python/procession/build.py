"""From a Python file to a component: `python -m procession.build order.py order-1.0.wasm`.

What the component exports is checked by the host, not here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_USAGE = "usage: python -m procession.build PROCESS.py OUT.wasm [--wit FILE]"

# `componentize-py` looks for the interface `definition` in the application's module,
# and for the resource `process` of the interface `decider` in a module of that name.
_APPLICATION = """\
from procession import Process as _Author
from procession.component import exports as _exports
from procession.pure import close_what_is_not_pure as _close

_close()

import {module} as _module
from componentize_py_types import Err as _Err
from wit_world.imports import types as _contract

_found = [each for each in vars(_module).values() if isinstance(each, type) and issubclass(each, _Author) and each is not _Author]
if len(_found) != 1:
    raise SystemExit(f"{module}.py must have one class that extends Process, and has {{len(_found)}}")
Definition, Process = _exports(_found[0](), _contract, _Err)
"""
_DECIDER = "from procession_application import Process\n"


def main(arguments: list[str]) -> int:
    """Builds, and returns what the shell is told."""
    wit = Path(__file__).resolve().parents[1] / "wit" / "process.wit"
    if "--wit" in arguments[:-1]:
        at = arguments.index("--wit")
        wit = Path(arguments[at + 1])
        del arguments[at : at + 2]
    if len(arguments) != 2 or not arguments[0].endswith(".py"):
        print(_USAGE, file=sys.stderr)
        return 2
    process, out = Path(arguments[0]).resolve(), Path(arguments[1])
    with tempfile.TemporaryDirectory(prefix="procession-python-") as folder:
        built = _build(process, wit.resolve(), Path(folder))
        if isinstance(built, int):
            return built
        # A host may be watching the folder, so the component appears whole or not at all.
        partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
        shutil.copyfile(built, partial)
        partial.replace(out)
    print(f"{out} {out.stat().st_size // 1024} KiB")
    return 0


def _build(process: Path, wit: Path, folder: Path) -> Path | int:
    (folder / "procession_application.py").write_text(_APPLICATION.format(module=process.stem))
    (folder / "decider.py").write_text(_DECIDER)
    # Only what the process needs is put in: every file of these folders becomes part of the component.
    sdk = Path(__file__).resolve().parent
    (folder / "procession").mkdir()
    for file in sdk.glob("*.py"):
        if file.name != "build.py":
            shutil.copy(file, folder / "procession")
    tool = Path(sys.executable).with_name("componentize-py")
    command = [str(tool), "-q", "-d", str(wit), "-w", "process", "componentize", "procession_application", "--stub-wasi"]
    command += ["-p", str(folder), "-p", str(process.parent), "-o", str(folder / "out.wasm")]
    # Hash seeds must not differ between two builds, or equal sources would give unequal modules.
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"procession.build: {process} cannot be built\n{done.stdout}{done.stderr}", file=sys.stderr)
        return 1
    return folder / "out.wasm"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
