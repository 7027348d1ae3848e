# C-level face of level_flow.py: what metrics read of it.

from connectors.book cimport Book
from .windows cimport RollingSums

cdef class LevelFlow:
    cdef object context, driver
    cdef readonly int levels
    cdef readonly bint fitted
    cdef readonly double explained
    cdef bint ready
    cdef double[::1] bid, ask, bid_size, ask_size
    cdef double depth
    cdef RollingSums sums
    cdef double[::1] weights
    cdef double[::1] step, closed, closed_ten, ten
    cdef readonly bint closed_whole, ten_whole, ten_full
    cdef object rows
    cpdef bint drives(self, object metric)
    cdef int update(self, Book book, bint fresh, long long t) except? -1
    cdef int sample(self, long long t, bint whole) except? -1
    cdef double flow(self, int level) noexcept
    cdef double scale(self) noexcept
    cdef double integrated(self, double[::1] step) noexcept
