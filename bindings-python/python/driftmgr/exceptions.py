"""Everything that driftmgr raises: one base class, one class for each kind of error.

A class whose meaning Python has a word for is also that built-in exception, so that ``except FileNotFoundError`` works as ever.
"""

from __future__ import annotations

import builtins
import errno
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

__all__ = [
    "ConflictError",
    "DriftmgrError",
    "InvalidConfigError",
    "InvalidInputError",
    "InvalidStateError",
    "LockedError",
    "NotFoundError",
    "OperationCancelledError",
    "PermissionDeniedError",
    "RateLimitedError",
    "TimedOutError",
    "ToolFailedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnexpectedError",
    "UnsupportedError",
]


class DriftmgrError(Exception):
    """An error of driftmgr. It names the place, the cause and the way out; it never holds a secret."""

    kind: ClassVar[str] = "unexpected"
    """What went wrong, in a word that is the same in every language."""

    _retryable: ClassVar[bool] = False

    message: str
    """What is wrong, in a sentence."""
    operation: str | None
    """The operation that failed, such as ``client.open``."""
    context: Mapping[str, str]
    """Where, and facts: ``{"file": "prod.tfstate", "byte": "312"}``."""
    hints: tuple[str, ...]
    """Ways out."""
    retryable: bool
    """Whether the same call may succeed later."""

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        context: Mapping[str, str] | None = None,
        hints: Sequence[str] = (),
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.context = MappingProxyType(dict(context or {}))
        self.hints = tuple(hints)
        self.retryable = self._retryable if retryable is None else retryable
        for hint in self.hints:
            self.add_note(f"hint: {hint}")

    def __str__(self) -> str:
        if not self.context:
            return self.message
        place = ", ".join(f"{key} {value}" for key, value in self.context.items())
        return f"{self.message} ({place})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        more = (self.operation, dict(self.context), self.hints, self.retryable)
        return _again, (type(self), self.message, *more)


class _FileError(DriftmgrError, OSError):
    """What operating system errors have: an error number, and the file that it is about."""

    _errno: ClassVar[int]

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.errno = self._errno
        self.strerror = message
        self.filename = self.context.get("file")


class NotFoundError(_FileError, FileNotFoundError):
    """What was asked for does not exist."""

    kind = "not_found"
    _errno = errno.ENOENT


class PermissionDeniedError(_FileError, PermissionError):
    """The credentials are known and do not allow this."""

    kind = "permission_denied"
    _errno = errno.EACCES


class UnauthenticatedError(_FileError, PermissionError):
    """There are no credentials, or they are not accepted."""

    kind = "unauthenticated"
    _errno = errno.EACCES


class LockedError(_FileError, BlockingIOError):
    """Somebody else holds the lock."""

    kind = "locked"
    _errno = errno.EAGAIN


class ConflictError(DriftmgrError):
    """What is stored is not what was expected: its serial, lineage or version."""

    kind = "conflict"


class RateLimitedError(DriftmgrError):
    """The other side asks to slow down."""

    kind = "rate_limited"
    _retryable = True


class TimedOutError(_FileError, builtins.TimeoutError):
    """The deadline passed."""

    kind = "timeout"
    _errno = errno.ETIMEDOUT


class OperationCancelledError(DriftmgrError):
    """The operation was cancelled. A cancelled task gets ``asyncio.CancelledError`` as ever, an interrupted program ``KeyboardInterrupt``."""

    kind = "cancelled"


class UnsupportedError(DriftmgrError, NotImplementedError):
    """This build, or this kind of thing, cannot do it."""

    kind = "unsupported"


class InvalidConfigError(DriftmgrError, ValueError):
    """A configuration is wrong: Terraform's or driftmgr's."""

    kind = "invalid_config"


class InvalidStateError(DriftmgrError, ValueError):
    """A state cannot be read, or is none."""

    kind = "invalid_state"


class InvalidInputError(DriftmgrError, ValueError):
    """An argument is wrong."""

    kind = "invalid_input"


class UnavailableError(_FileError, ConnectionError):
    """The other side is down or cannot be reached."""

    kind = "unavailable"
    _errno = errno.EIO
    _retryable = True


class ToolFailedError(_FileError, ChildProcessError):
    """A program that was started, such as a provider, failed."""

    kind = "tool_failed"
    _errno = errno.ECHILD


class UnexpectedError(DriftmgrError, RuntimeError):
    """A defect of driftmgr, or something that no rule foresaw."""

    kind = "unexpected"


_BY_KIND: Mapping[str, type[DriftmgrError]] = {
    known.kind: known
    for known in (
        NotFoundError,
        PermissionDeniedError,
        UnauthenticatedError,
        LockedError,
        ConflictError,
        RateLimitedError,
        TimedOutError,
        OperationCancelledError,
        UnsupportedError,
        InvalidConfigError,
        InvalidStateError,
        InvalidInputError,
        UnavailableError,
        ToolFailedError,
        UnexpectedError,
    )
}

# What an exception of other code stands for. The first that fits counts.
_BY_BUILTIN: tuple[tuple[type[BaseException], str], ...] = (
    (FileNotFoundError, "not_found"),
    (KeyError, "not_found"),
    (PermissionError, "permission_denied"),
    (BlockingIOError, "locked"),
    (builtins.TimeoutError, "timeout"),
    (ChildProcessError, "tool_failed"),
    (OSError, "unavailable"),
    (NotImplementedError, "unsupported"),
    (ValueError, "invalid_input"),
)


def _again(
    cls: type[DriftmgrError],
    message: str,
    operation: str | None,
    context: Mapping[str, str],
    hints: Sequence[str],
    retryable: bool,
) -> DriftmgrError:
    return cls(message, operation=operation, context=context, hints=hints, retryable=retryable)


def _from_native(
    kind: str,
    message: str,
    operation: str | None,
    context: Sequence[tuple[str, str]],
    hints: Sequence[str],
    retryable: bool,
) -> DriftmgrError:
    cls = _BY_KIND.get(kind, DriftmgrError)
    return _again(cls, message, operation, dict(context), hints, retryable)


def _kind_of(raised: BaseException) -> str:
    if isinstance(raised, DriftmgrError):
        return raised.kind
    return next((kind for known, kind in _BY_BUILTIN if isinstance(raised, known)), "unexpected")
