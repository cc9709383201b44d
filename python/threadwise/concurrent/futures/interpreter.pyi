from collections.abc import Callable
from typing import Any

from .thread import BrokenThreadPool, ThreadPoolExecutor

class BrokenInterpreterPool(BrokenThreadPool): ...

class InterpreterPoolExecutor(ThreadPoolExecutor):
    BROKEN: type[BrokenThreadPool]
    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None: ...
    @classmethod
    def prepare_context(cls, initializer: Any, initargs: Any) -> Any: ...
