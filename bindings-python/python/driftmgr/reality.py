"""What is really there, said by Python code."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

__all__ = ["Reality"]


@runtime_checkable
class Reality(Protocol):
    """Says what is really there. Derive from it, or write a class with the same methods; :meth:`driftmgr.Stack.with_reality` takes it.

    The methods are called from other threads, several at a time.
    """

    def supports(self, resource_type: str) -> bool:
        """Whether objects of the type can be looked at. Those of others are unverifiable."""
        return True

    def observe(self, address: str, attributes: dict[str, Any]) -> dict[str, Any] | None:
        """Looks at one object: ``address`` names it, ``attributes`` are what the state says, secrets included.

        Answers with its attributes as they are, or ``None`` for an object that was looked for and is not there. One that cannot be looked at raises
        an exception: it is unverifiable then, never deleted.
        """
        ...
