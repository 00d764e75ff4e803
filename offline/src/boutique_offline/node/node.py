"""The first process of the node: mounts its directories, runs its components, and restarts those that end.

It is process 1 of a process namespace, with its own mounts. So the node leaves nothing behind: when this process ends,
however that happens, the kernel ends all other processes of the node and unmounts what they mounted.

    python3 -m boutique_offline.node.node SPECIFICATION
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from boutique_offline.node.specification import Component, NodeSpecification

_RESTART_DELAY: Final = 1.0


def main(specification: str) -> None:
    """Runs the components of the specification, and never returns."""
    node = NodeSpecification.read(Path(specification))
    _mount(node.mounts)
    os.chdir(node.working_directory)
    running = {_start(component, node): component for component in node.components}
    # Orphaned children of components become children of this process, which must wait for their end too.
    while True:
        process, status = os.wait()
        if component := running.pop(process, None):
            code = os.waitstatus_to_exitcode(status)
            print(f"{component.name} exited with {code} and is restarted", flush=True)
            time.sleep(_RESTART_DELAY)
            running[_start(component, node)] = component


def _mount(mounts: list[tuple[str, str]]) -> None:
    """Mounts each source on its target. Opens all sources first, since a mount may hide a later source."""
    opened = [(os.open(source, os.O_PATH), target) for source, target in mounts]
    for descriptor, target in opened:
        subprocess.run(
            ["mount", "--no-canonicalize", "--bind", f"/proc/self/fd/{descriptor}", target],
            check=True,
            pass_fds=[descriptor],
        )
        os.close(descriptor)


def _start(component: Component, node: NodeSpecification) -> int:
    log = f"{node.logs}/{component.name}.log"
    return os.posix_spawn(
        component.command[0],
        component.command,
        node.environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


if __name__ == "__main__":
    main(sys.argv[1])
