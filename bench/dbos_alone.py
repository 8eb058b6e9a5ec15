"""What the engine beneath costs by itself: workflows whose steps each commit one row; a program of bench/processes.py.

Arguments: the database's URL, how many workflows, steps of each. Prints seconds of processor time.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from dbos import DBOS, SetWorkflowID

from hilum.postgres import Database


async def main(url: str, workflows: int, steps: int) -> float:
    database = Database(url)
    await database.open()
    async with database.cold() as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS bench_row (workflow text, step int)")
    turns = asyncio.Semaphore(16)  # as many steps at once as a hub has
    DBOS(
        config={
            "name": "bench",
            "system_database_url": url.replace("postgresql://", "postgresql+psycopg://", 1),
            "sys_db_pool_size": 10,
            "log_level": "ERROR",
            "enable_otlp": False,
        }
    )

    @DBOS.workflow()
    async def work(name: str) -> None:
        for number in range(steps):

            async def step(number: int = number) -> int:
                async with database.transaction() as connection:
                    await connection.execute("INSERT INTO bench_row VALUES (%s, %s)", [name, number])
                return number

            async with turns:
                await DBOS.run_step_async({"name": "step"}, step)

    DBOS.launch()
    used = time.process_time()
    handles = []
    for number in range(workflows):
        with SetWorkflowID(f"{used} {number}"):
            handles.append(await DBOS.start_workflow_async(work, str(number)))
    for handle in handles:
        await handle.get_result()
    used = time.process_time() - used
    await database.close()
    return used


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))), flush=True)
    os._exit(0)  # its threads would take half a minute to end
