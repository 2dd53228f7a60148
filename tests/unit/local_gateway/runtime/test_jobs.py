import asyncio

import pytest

from local_gateway.core.invocation import Throttled
from local_gateway.runtime.jobs import Job, JobQueue, new_job

NEVER = 3600.0


def jobs(*payloads: bytes) -> list[Job]:
    return [new_job(payload, None) for payload in payloads]


@pytest.fixture
async def queue() -> JobQueue:
    return JobQueue(asyncio.get_running_loop(), NEVER)


async def test_the_first_job_leaves_first(queue: JobQueue) -> None:
    one, two, three = jobs(b"1", b"2", b"3")
    queue.append(one)
    queue.append(two)
    queue.append(three, first=True)
    assert [queue.pop() for _ in range(3)] == [three, one, two]
    assert (len(queue), queue.size) == (0, 0)


async def test_a_job_that_nobody_waits_for_is_forgotten(queue: JobQueue) -> None:
    one, two = jobs(b"x" * 1000, b"y")
    queue.append(one)
    queue.append(two)
    assert queue.size == one.size + two.size
    one.answer.cancel()
    await asyncio.sleep(0)
    assert (list(queue), queue.size) == ([two], two.size)


async def test_jobs_are_throttled_in_the_end() -> None:
    queue = JobQueue(asyncio.get_running_loop(), 0.001)
    waiting = jobs(b"1", b"2", b"3")
    for job in waiting:
        queue.append(job)
    async with asyncio.timeout(20):
        answers = [await job.answer for job in waiting]
    assert [answer.result for answer in answers] == [Throttled()] * 3
    assert (len(queue), queue.size) == (0, 0)


async def test_closed_it_throttles_nothing() -> None:
    loop = asyncio.get_running_loop()
    queue = JobQueue(loop, 0.0)
    [job] = jobs(b"1")
    queue.append(job)
    queue.close()
    later = loop.create_future()
    loop.call_later(0.001, later.set_result, None)
    await later
    assert (list(queue), job.answer.done()) == ([job], False)


async def test_an_id_is_a_random_uuid() -> None:
    one, two = jobs(b"", b"")
    assert one.request_id != two.request_id
    assert [len(part) for part in one.request_id.split("-")] == [8, 4, 4, 4, 12]
    assert one.request_id[14] == "4"
