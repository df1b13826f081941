"""The rows of a large file are read by processes of their own, which end with whoever began them."""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from peerloom_dev.people import write_people_file
from profile_service.imports.good_rows import GoodRow, admission
from profile_service.imports.people_file import PeopleFileReader, RowError
from profile_service.imports.row_processes import PROCESSES, outcomes
from tests.support import RunningService, eventually

from .people_files import cells, text_of
from .people_files import outcomes as outcomes_here
from .test_imports import imported, people

PIECE = 1024 * 1024


async def pieces_of(file: bytes) -> AsyncIterator[bytes | None]:
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]
    yield None


def a_large_file(folder: Path, people: int = 10_000) -> bytes:
    path = folder / "people.csv"
    write_people_file(path, people, seed=1)
    return path.read_bytes()


@pytest.fixture
async def no_others() -> None:
    """Those of a test before end by themselves, a moment after it."""
    await eventually(lambda: not multiprocessing.active_children(), what="the end of others' processes")


def runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_they_find_in_a_large_file_what_is_found_here_in_the_same_order(no_others: None, tmp_path: Path) -> None:
    rows = a_large_file(tmp_path).decode().splitlines(keepends=True)
    rows[5000:5000] = [rows[1], '"unclosed\n', "too,few\n", rows[4999].replace(",", '," \n', 1)]
    rows += [rows[7], rows[4000].replace("@", "?")]
    file = "".join(rows).encode()
    people_here, errors_here = outcomes_here(file)

    reader, good, errors, began = PeopleFileReader(), [], [], set[int | None]()
    async for some in outcomes(reader, pieces_of(file)):
        began |= {process.pid for process in multiprocessing.active_children()}
        for one in some:
            error = one if isinstance(one, RowError) else reader.admit(*admission(one)[:4])
            errors.append(error) if error else good.append(one)

    assert len(file) > 3 * PIECE
    assert len(began) == PROCESSES
    assert good == [GoodRow.of(person).encoded() for person in people_here]
    assert errors == errors_here
    assert len({error.code for error in errors}) > 3


async def test_a_small_file_is_read_without_them(no_others: None, profile: RunningService, tenant: UUID) -> None:
    job = await imported(profile.client(tenant), text_of([cells("1"), cells("2")]).encode())

    assert job["registered"] == 2
    assert multiprocessing.active_children() == []


async def test_an_import_whose_process_is_killed_fails_with_a_sentence_and_can_be_sent_again(
    no_others: None, profile: RunningService, tenant: UUID, tmp_path: Path
) -> None:
    client, file = profile.client(tenant), a_large_file(tmp_path)

    async def killed() -> bool:
        running = multiprocessing.active_children()
        for process in running:
            process.kill()
        return bool(running)

    job, _ = await asyncio.gather(imported(client, file), eventually(killed, within=30, every=0.001, what="its processes"))

    assert (job["state"], job["registered"]) == ("failed", 0)
    assert "Send the file again" in job["problem"]
    assert await people(client) == {}
    assert (await imported(client, file))["state"] == "completed"


async def test_they_end_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    a_large_file(tmp_path)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _A_WORKER, str(tmp_path / "people.csv"), stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    async with asyncio.timeout(30):
        began = [psutil.Process(int(number)) for number in (await worker.stdout.readline()).split()]
    assert len(began) == PROCESSES
    assert all(map(runs, began))

    worker.kill()
    await worker.wait()

    await eventually(lambda: not any(map(runs, began)), what="the end of its processes")


_A_WORKER = """
import asyncio, multiprocessing, sys
from profile_service.imports.people_file import PeopleFileReader
from profile_service.imports.row_processes import outcomes
from tests.profile.test_row_processes import pieces_of

async def work():
    async for _ in outcomes(PeopleFileReader(), pieces_of(open(sys.argv[1], "rb").read())):
        print(*[process.pid for process in multiprocessing.active_children()], flush=True)
        await asyncio.sleep(60)

asyncio.run(work())
"""
