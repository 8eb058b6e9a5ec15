"""The mock cluster of librdkafka as a program: `python kafka_mock.py BROKERS`, then commands on standard input.

It prints the addresses of its brokers, and one line after each command it has done:

    topic NAME PARTITIONS         makes the topic
    errors API-KEY CODE ...       answers the next requests of that kind so, one after the other

The API of the mock (rdkafka_mock.h) is in the library that confluent-kafka brings; its Python part does not offer it.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

import confluent_kafka.cimpl

_PRODUCER: Final = 0
_REBALANCE_DELAY: Final = 50  # milliseconds in which further members may join a new group; its own default is 3 s
_NO_ERROR: Final = 0


def _library() -> ctypes.CDLL:
    """The functions that are used here, of the library that the Python module is linked to."""
    found = ctypes.CDLL(confluent_kafka.cimpl.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, *arguments in (
        ("rd_kafka_conf_new", pointer),
        ("rd_kafka_new", pointer, number, pointer, text, ctypes.c_size_t),
        ("rd_kafka_mock_cluster_new", pointer, pointer, number),
        ("rd_kafka_mock_cluster_bootstraps", text, pointer),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, pointer, ctypes.c_int32),
        ("rd_kafka_mock_topic_create", number, pointer, text, number, number),
        ("rd_kafka_mock_push_request_errors_array", None, pointer, ctypes.c_int16, ctypes.c_size_t, pointer),
    ):
        function = getattr(found, str(name))
        function.restype = result
        function.argtypes = arguments
    return found


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(brokers: int) -> None:
    library = _library()
    handle = library.rd_kafka_new(_PRODUCER, library.rd_kafka_conf_new(), None, 0)
    cluster = library.rd_kafka_mock_cluster_new(handle, brokers)
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, _REBALANCE_DELAY)
    _say(library.rd_kafka_mock_cluster_bootstraps(cluster).decode())
    for line in sys.stdin:
        match line.split():
            case ["topic", name, partitions]:
                code = library.rd_kafka_mock_topic_create(cluster, name.encode(), int(partitions), brokers)
                assert code == _NO_ERROR, f"no topic {name}: {code}"
            case ["errors", key, *codes]:
                array = (ctypes.c_int * len(codes))(*map(int, codes))
                library.rd_kafka_mock_push_request_errors_array(cluster, int(key), len(codes), array)
            case _:
                raise ValueError(line)
        _say("done")


if __name__ == "__main__":
    main(int(sys.argv[1]))
