"""What a job is given: paths and URLs from a listing, a folder or a table; and their bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

from ..exceptions import DriftmgrError, InvalidInputError, NotFoundError, PermissionDeniedError, UnavailableError, UnsupportedError
from ..state import State
from ._arrow import arrow

if TYPE_CHECKING:
    import pyarrow

    from ._job import Job

BATCH_SIZE = 256
"""How many inputs one call of a job is given, unless somebody says otherwise."""

Inputs: TypeAlias = Iterable[Any]
"""Paths and URLs, pairs of them for a comparison, or a table: anything with ``__arrow_c_stream__``, such as of pyarrow, pandas, polars or DuckDB."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_USER = re.compile(r"(?<=://)[^/?#]*@")
# Arguments of a URL that pyarrow.fs takes and that are no secret.
_PLAIN = frozenset({"region", "scheme", "endpoint_override", "allow_bucket_creation", "allow_bucket_deletion"})
# Where `terraform init` puts copies of modules, and a file that looks like a state and names the backend.
_NO_STATES = frozenset({".terraform", ".git"})


def listing(folder: str | os.PathLike[str], pattern: str = "*.tfstate") -> list[str]:
    """The files below a folder whose names match, sorted. A folder is a path, or a URL of ``s3``, ``gs``, ``abfs`` or ``hdfs``.

    A subfolder that cannot be read is part of the list, so that it is a row with an error and not a gap. ``.terraform`` and ``.git`` are left out;
    links to folders are not followed. Raises ``NotFoundError`` when there is no such folder.
    """
    top = os.fspath(folder)
    found = _listed_url(top, pattern) if _is_url(top) else _listed_path(top, pattern)
    return sorted(found)


def _listed_path(top: str, pattern: str) -> list[str]:
    if not os.path.isdir(top):
        raise NotFoundError("there is no such folder", context={"folder": top})
    found: list[str] = []

    def unread(raised: OSError) -> None:
        found.append(os.fspath(raised.filename))

    for folder, inner, files in os.walk(top, onerror=unread):
        inner[:] = [name for name in inner if name not in _NO_STATES]
        found += [os.path.join(folder, name) for name in files if fnmatchcase(name, pattern)]
    return found


def _listed_url(top: str, pattern: str) -> list[str]:
    from pyarrow import fs

    system, path = _file_system(top)
    with _told(top):
        if system.get_file_info(path).type != fs.FileType.Directory:
            raise NotFoundError("there is no such folder", context={"folder": top})
        entries = system.get_file_info(fs.FileSelector(path, recursive=True))
    head, _, query = top.partition("?")
    head = head[: len(head.rstrip("/")) - len(path.rstrip("/"))]
    files = [each.path for each in entries if each.type == fs.FileType.File and fnmatchcase(each.base_name, pattern)]
    kept = [each for each in files if not _NO_STATES.intersection(each.split("/"))]
    return [head + each + (f"?{query}" if query else "") for each in kept]


def table(job: Job, inputs: Inputs, columns: str | Iterable[str] | None) -> pyarrow.Table:
    """The inputs as a table with the columns that the job wants; ``columns`` are their names in a table that is given."""
    pa = arrow()
    if isinstance(inputs, str | bytes | os.PathLike):
        raise TypeError("inputs must be a listing, and one path is none: listing() lists a folder")
    if not isinstance(inputs, pa.Table) and hasattr(inputs, "__arrow_c_stream__"):
        inputs = pa.table(inputs)
    if isinstance(inputs, pa.Table):
        return select(job, inputs, columns)
    if columns is not None:
        raise TypeError("columns name the columns of a table, and inputs are none")
    wanted = job.columns
    rows = [_cells(each, len(wanted)) for each in inputs]
    made = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(wanted)}
    return pa.table(made)


def select(job: Job, given: pyarrow.Table, columns: str | Iterable[str] | None) -> pyarrow.Table:
    """The columns of a table that hold the inputs, by the names that the job knows them by."""
    pa = arrow()
    names = column_names(job, columns)
    found = []
    for name in names:
        if name not in given.column_names:
            raise ValueError(f"the table has no column {name!r}, but {', '.join(given.column_names)}: columns= names the one with the inputs")
        column = given.column(name)
        if not _is_text(column.type):
            raise TypeError(f"column {name!r} must be text, not {column.type}")
        found.append(column.cast(pa.string()))
    return pa.table(dict(zip(job.columns, found, strict=True)))


def _is_text(type: pyarrow.DataType) -> bool:
    types = arrow().types
    if types.is_dictionary(type):
        type = type.value_type
    return any(one(type) for one in (types.is_string, types.is_large_string, types.is_string_view, types.is_null))


def column_names(job: Job, columns: str | Iterable[str] | None) -> tuple[str, ...]:
    """The names of the input columns in somebody's table."""
    names = job.columns if columns is None else (columns,) if isinstance(columns, str) else tuple(columns)
    if len(names) != len(job.columns):
        raise ValueError(f"{type(job).__name__} takes {len(job.columns)} columns ({', '.join(job.columns)}), not {len(names)}")
    return names


def _cells(given: Any, count: int) -> tuple[str | None, ...]:
    cells = (given,) if count == 1 else tuple(given) if isinstance(given, tuple | list) else ()
    if len(cells) != count or not all(cell is None or isinstance(cell, str | os.PathLike) for cell in cells):
        wanted = "a path or URL" if count == 1 else f"{count} paths or URLs"
        raise TypeError(f"each of inputs must be {wanted}, not {type(given).__name__}")
    return tuple(None if cell is None else os.fspath(cell) for cell in cells)


def shown(given: str | None) -> str | None:
    """The input as results name it: without a secret that somebody wrote into a URL."""
    if given is None or not _is_url(given) or not _holds_secret(given):
        return given
    return _USER.sub("***@", given).partition("?")[0]


def read(given: str | None) -> State:
    """The state at a path or URL."""
    if given is None or not given:
        raise InvalidInputError("the input is empty", hints=["give the path or URL of a state"])
    if not _is_url(given) or _scheme(given) == "file":
        return State.read(path_of(given))
    system, path = _file_system(given)
    with _told(given), system.open_input_stream(path) as file:
        return State.parse(file.readall(), name=given)


def path_of(given: str | None) -> str:
    """The path of an input on this machine."""
    if given is None or not given:
        raise InvalidInputError("the input is empty", hints=["give a path"])
    if not _is_url(given):
        return given
    if _scheme(given) != "file":
        raise UnsupportedError(
            "only a path can be looked at here, and this is a URL",
            context={"url": _refused(given)},
            hints=["fetch it to a folder that every worker sees"],
        )
    return unquote(urlsplit(given).path)


def _is_url(given: str) -> bool:
    return _URL.match(given) is not None


def _scheme(given: str) -> str:
    return given.partition("://")[0].lower()


def _holds_secret(given: str) -> bool:
    """Whether a URL holds what only pyarrow and its owner should know. A container of Azure stands where others have a user."""
    place = urlsplit(given)
    user, at, _ = place.netloc.rpartition("@")
    names = {each.partition("=")[0] for each in place.query.split("&") if each}
    return bool(at and (":" in user or _scheme(given) not in ("abfs", "abfss"))) or not names <= _PLAIN


def _refused(given: str) -> str:
    """The URL for a message."""
    return str(shown(given)).partition("?")[0]


def _file_system(given: str) -> tuple[Any, str]:
    arrow()
    from pyarrow import fs

    if _holds_secret(given):
        raise InvalidInputError(
            "a URL is taken without credentials in it",
            context={"url": _refused(given)},
            hints=["let the environment of the workers hold them, as the cloud's own tools expect"],
        )
    try:
        system, path = fs.FileSystem.from_uri(given)
    except (ValueError, NotImplementedError) as wrong:
        raise UnsupportedError(
            "no file system is known for this URL",
            context={"url": _refused(given)},
            hints=["paths, and URLs of file, s3, gs, abfs and hdfs, can be read"],
        ) from wrong
    return system, path


@contextmanager
def _told(given: str) -> Iterator[None]:
    """Makes of what pyarrow says about a place what driftmgr says."""
    try:
        yield
    except DriftmgrError:
        raise
    except OSError as raised:
        context = {"url": _refused(given)}
        raise _meant(raised)("the place cannot be read: " + _first_line(raised), context=context) from raised


# How pyarrow.fs words what the services answer: it has one exception for most of it.
_WORDS: tuple[tuple[str, Callable[..., DriftmgrError]], ...] = (
    ("ACCESS_DENIED", PermissionDeniedError),
    ("NO_SUCH_KEY", NotFoundError),
    ("NO_SUCH_BUCKET", NotFoundError),
    ("RESOURCE_NOT_FOUND", NotFoundError),
    ("does not exist", NotFoundError),
)


def _meant(raised: OSError) -> Callable[..., DriftmgrError]:
    if isinstance(raised, FileNotFoundError):
        return NotFoundError
    if isinstance(raised, PermissionError):
        return PermissionDeniedError
    return next((kind for word, kind in _WORDS if word in str(raised)), UnavailableError)


def _first_line(raised: OSError) -> str:
    lines = str(raised).splitlines()
    return lines[0] if lines else type(raised).__name__
