"""What is really there, said by Python code."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

__all__ = ["Reality"]


@runtime_checkable
class Reality(Protocol):
    """Says what is really there. Derive from it, or write a class with the same method; :meth:`driftmgr.Stack.with_reality` takes it.

    Its method is called from other threads, several at a time.
    """

    def observe(self, address: str, attributes: dict[str, Any]) -> dict[str, Any] | None:
        """Looks at one object: ``address`` names it, ``attributes`` are what the state says, secrets included.

        Answers with its attributes as they are, or ``None`` for an object that was looked for and is not there. One that cannot be looked at raises
        an exception: it is unverifiable then, never deleted.
        """
        ...
