from typing import Any

CLOCK_REALTIME: int

class timespec:
    tv_sec: int
    tv_nsec: int

def clock_gettime(clock: int, found: Any) -> int: ...
