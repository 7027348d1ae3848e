# C-level face of markouts.py: what metrics read of it.

from .declare cimport Context
from .windows cimport RollingSums

cdef class Markouts:
    cdef Context context
    cdef object driver
    cdef long long[::1] spans, due
    cdef readonly int horizons
    cdef readonly long long span
    cdef long long width, head, tail, capacity
    cdef RollingSums sums
    cdef list later
    cdef double[::1] effective, volume, matured
    cdef double last_mid
    cdef double* prints  # the times, then side, price, size and mid of each, in a ring of `capacity`
    cpdef bint drives(self, object metric)
    cdef int traded(self, double price, double size, int side, long long t) except? -1
    cdef int moved(self, double mid, long long t) except? -1
    cdef int bring(self, long long t) except? -1
    cdef double of(self, int h, int side, int column) noexcept
    cdef double mean(self, int h, int side, int column) noexcept
    cdef double* _print(self, long long n) noexcept
    cdef long long* _times(self) noexcept
    cdef int _mature(self, long long t) except? -1
    cdef int _matured(self, int h, long long n) except? -1
    cdef void _judge(self, long long n, double* into) noexcept
    cdef int _grow(self) except? -1
