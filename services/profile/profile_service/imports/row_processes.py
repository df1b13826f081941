"""The rules of a people file's columns, applied to the rows of a large file by processes of their own.

They are most of what reading a file takes. Two processes get it over sooner, and the worker's other work goes on meanwhile.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final

from profile_service.imports.good_rows import GoodRow
from profile_service.imports.people_file import Outcome, PeopleFileReader, PersonRow, RowError
from profile_service.imports.people_file.columns import Columns
from profile_service.imports.people_file.options import FileOptions
from profile_service.imports.people_file.records import Record
from profile_service.imports.people_file.rows import RowReader

Outcomes = list[str | RowError]
"""Good rows, encoded, and what is wrong with the others."""

PROCESSES: Final = 2
_PIECES_AHEAD: Final = 2 * PROCESSES


async def outcomes(reader: PeopleFileReader, pieces: AsyncIterator[bytes | None]) -> AsyncGenerator[Outcomes, None]:
    """What the rules of the columns say of the file's rows, in their order. `pieces` have `BLOCK_BYTES` or more but for the
    last; behind it comes None. A file of a single piece is not worth the processes, which take a moment to start.

    Raises: PeopleFileError; BrokenProcessPool when one of the processes was killed.
    """
    beginning, second = await anext(pieces), await anext(pieces)
    first = reader.cut(beginning or b"")
    if second is None:
        yield _encoded(reader.outcomes([*first, *reader.cut_rest()]))
        return
    with _processes(reader) as read:
        waiting = deque([read(first), read(reader.cut(second))])
        async for piece in pieces:
            waiting.append(read(reader.cut_rest() if piece is None else reader.cut(piece)))
            if len(waiting) > _PIECES_AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()


@contextmanager
def _processes(reader: PeopleFileReader) -> Iterator[Callable[[list[Record | RowError]], Awaitable[Outcomes]]]:
    """What has rows read by a process that is free."""
    assert reader.columns is not None
    context, loop = multiprocessing.get_context("spawn"), asyncio.get_running_loop()
    pool = ProcessPoolExecutor(
        PROCESSES, mp_context=context, initializer=_begin, initargs=(reader.columns, reader.defaults, reader.options)
    )
    try:
        yield lambda records: loop.run_in_executor(pool, _read, records)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _encoded(found: Iterable[Outcome]) -> Outcomes:
    return [GoodRow.of(outcome).encoded() if isinstance(outcome, PersonRow) else outcome for outcome in found]


# From here on in one of the processes.

_readers: list[RowReader] = []


def _begin(columns: Columns, defaults: Mapping[str, str], options: FileOptions) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group, they are for the worker to act on
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    gc.disable()  # nothing here refers to itself, and looking for what does would take half of the time
    _readers.append(RowReader(columns, defaults, options))


def _end_with_the_worker() -> None:
    worker = multiprocessing.parent_process()
    assert worker is not None
    worker.join()
    os._exit(1)


def _read(records: list[Record | RowError]) -> Outcomes:
    return _encoded(_readers[0].outcomes(records))
