"""Closes what would make a decision depend on anything but its arguments.

Run before the author's module is loaded, so that even `from time import time` gets the closed one.
"""

import datetime
import os
import sys
import time
import types
import uuid
from typing import Any, Callable, NoReturn


def _closed(what: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(f"{what} is not available in a process: use {instead}, which is recorded and comes out the same again")

    return refuse


class _Closed(types.ModuleType):
    """A module in which everything is closed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _closed(f"{self.__name__}.{name}", "ctx.random() or ctx.new_id()")


def close_what_is_not_pure() -> None:
    """Only inside a component: tests run under CPython, where the test runner needs its clock."""
    for name in ("random", "secrets"):
        sys.modules[name] = _Closed(name)
    for name in ("uuid1", "uuid4"):
        setattr(uuid, name, _closed(f"uuid.{name}", "ctx.new_id()"))
    setattr(os, "urandom", _closed("os.urandom", "ctx.random() or ctx.new_id()"))
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"):
        setattr(time, name, _closed(f"time.{name}", "ctx.now or a timer"))
    setattr(datetime, "datetime", _datetime())
    setattr(datetime, "date", _date())


def _datetime() -> type:
    class datetime_(datetime.datetime):
        now = utcnow = today = staticmethod(_closed("the clock", "ctx.now"))

    datetime_.__name__ = datetime_.__qualname__ = "datetime"
    return datetime_


def _date() -> type:
    class date_(datetime.date):
        today = staticmethod(_closed("the clock", "ctx.now"))

    date_.__name__ = date_.__qualname__ = "date"
    return date_
