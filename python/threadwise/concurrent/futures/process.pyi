import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

from ._base import BrokenExecutor, Executor

_T = TypeVar("_T")

EXTRA_QUEUED_CALLS: int

class BrokenProcessPool(BrokenExecutor): ...

class ProcessPoolExecutor(Executor):
    def __init__(
        self,
        max_workers: int | None = None,
        mp_context: BaseContext | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        max_tasks_per_child: int | None = None,
    ) -> None: ...
    if sys.version_info >= (3, 14):
        def terminate_workers(self) -> None: ...
        def kill_workers(self) -> None: ...
    else:
        def map(  # type: ignore[override]
            self, fn: Callable[..., _T], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
        ) -> Iterator[_T]: ...
