import traceback
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

_Action: TypeAlias = Literal["report", "abort", "throw", "ignore"]

class DeadlockError(RuntimeError): ...

class DeadlockedThread(NamedTuple):
    name: str
    ident: int | None
    native_id: int
    waits_for: str
    object: int
    holds: str
    held_object: int
    waited: float
    stack: traceback.StackSummary

class Deadlock(NamedTuple):
    threads: tuple[DeadlockedThread, ...]
    certain: bool

def deadlock_hook(deadlock: Deadlock, /) -> None: ...
def __deadlock_hook__(deadlock: Deadlock, /) -> None: ...
def on_deadlock(action: _Action, /) -> _Action: ...

__all__ = ["Deadlock", "DeadlockError", "DeadlockedThread", "deadlock_hook", "on_deadlock"]
