"""Tables by price: `Changes` and prints give a level the same double, so its bits are its name."""

from __future__ import annotations

import cython
from cython.cimports.libc.stdlib import free, malloc
from cython.cimports.service.metrics.prices import mixed

_NEVER = cython.declare(cython.longlong, -1)


@cython.cclass
class TimeByPrice:
    """A time (ns, not negative) for each of `count` prices: open addressing, at most half full, doubled as it fills."""

    def __init__(self) -> None:
        self._grow()

    def __dealloc__(self) -> None:
        free(self.price)
        free(self.time)

    @cython.ccall
    @cython.exceptval(check=False)
    def clear(self) -> cython.void:
        k: cython.int
        for k in range(self.room):
            self.time[k] = _NEVER
        self.count = 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _place(self, price: cython.double) -> cython.int:
        """Where this price stands, or the free place where it would."""
        k: cython.int = cython.cast(cython.int, (mixed(price) >> 32) & (self.room - 1))
        while self.time[k] != _NEVER and self.price[k] != price:
            k = (k + 1) & (self.room - 1)
        return k

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def put(self, price: cython.double, t: cython.longlong) -> cython.int:
        """This price has this time now."""
        k: cython.int
        if 2 * self.count >= self.room:
            self._grow()
        k = self._place(price)
        self.count += self.time[k] == _NEVER
        self.price[k] = price
        self.time[k] = t
        return 0

    @cython.ccall
    @cython.exceptval(check=False)
    def pop(self, price: cython.double) -> cython.longlong:
        """The time of this price, which is forgotten; -1 where it has none."""
        k: cython.int = self._place(price)
        home: cython.int
        hole: cython.int = k
        t: cython.longlong = self.time[k]
        if t == _NEVER:
            return t
        self.count -= 1
        while True:  # those behind move up, if the hole is between their home and them
            k = (k + 1) & (self.room - 1)
            if self.time[k] == _NEVER:
                break
            home = cython.cast(cython.int, (mixed(self.price[k]) >> 32) & (self.room - 1))
            if ((k - home) & (self.room - 1)) >= ((k - hole) & (self.room - 1)):
                self.price[hole] = self.price[k]
                self.time[hole] = self.time[k]
                hole = k
        self.time[hole] = _NEVER
        return t

    @cython.cfunc
    @cython.exceptval(-1)
    def _grow(self) -> cython.int:
        """Twice the room."""
        k: cython.int
        old: cython.int = self.room
        price: cython.p_double = self.price
        time: cython.p_longlong = self.time
        room: cython.int = 2 * old if old > 0 else 64
        self.price = cython.cast(cython.p_double, malloc(room * 8))
        self.time = cython.cast(cython.p_longlong, malloc(room * 8))
        if self.price == cython.NULL or self.time == cython.NULL:
            free(self.price)
            free(self.time)
            self.price = price
            self.time = time
            raise MemoryError
        self.room = room
        self.clear()
        for k in range(old):
            if time[k] != _NEVER:
                self.put(price[k], time[k])
        free(price)
        free(time)
        return 0
