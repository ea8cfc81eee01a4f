"""Appends by the application recorder, each call to a stream of its own; prints events a second.

python append.py URL '{"writers": 32, "batch": 1, "count": 5000}' PAYLOAD
Its insert runs as a function in the database (`enable_db_functions`), which is its faster setting.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

from eventsourcing.persistence import StoredEvent  # type: ignore[import-not-found]
from eventsourcing.postgres import (  # type: ignore[import-not-found]
    PostgresApplicationRecorder,
    PostgresDatastore,
)


def main() -> None:
    url, wanted, payload = sys.argv[1:]
    asked, parts = json.loads(wanted), urlsplit(url)
    writers, batch = asked["writers"], asked["batch"]
    datastore = PostgresDatastore(
        dbname=parts.path[1:],
        host=str(parts.hostname),
        port=str(parts.port),
        user=str(parts.username),
        password=str(parts.password),
        pool_size=writers,
        max_waiting=writers * 2,
        enable_db_functions=True,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    state = payload.encode()

    def append(_: int) -> None:
        stream = uuid4()
        recorder.insert_events(
            [StoredEvent(stream, n + 1, "DepartmentFactRecorded", state) for n in range(batch)]
        )

    calls = -(-asked["count"] // batch)
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(append, range(writers)))  # opens the connections
        started = time.perf_counter()
        list(threads.map(append, range(calls)))
        print(calls * batch / (time.perf_counter() - started))
    datastore.close()


if __name__ == "__main__":
    main()
