# C-level face of attribution.py: what metrics read of it.

from connectors.book cimport Book
from connectors.changes cimport Changes
from .fleeting cimport Fleeting
from .windows cimport RollingSums

cdef class Attribution:
    cdef object driver
    cdef readonly Fleeting fleeting
    cdef long long horizon, width
    cdef double bid, ask, mid
    # bookings that a trade may still claim, oldest first
    cdef long long head, tail, capacity
    cdef long long* times
    cdef double* prices
    cdef double* sizes
    cdef double* claimed
    cdef double* whole
    cdef signed char* sides
    cdef signed char* kinds
    cdef signed char* zones
    cdef signed char* touches
    # trades that wait for the change of their level
    cdef int waiting
    cdef bint known
    cdef long long[::1] wait_times
    cdef double[::1] wait_prices, wait_sizes
    cdef signed char[::1] wait_sides
    cdef double low, high
    # what it comes to
    cdef double[::1] total, zoned, depleted
    cdef readonly double unmatched
    cdef readonly double touch_added, touch_cancelled, touch_traded
    cdef RollingSums sums
    cdef long long step
    cdef bint gathering
    cpdef bint drives(self, object metric)
    cdef int changed(self, Changes changes, Book book, long long t) except? -1
    cdef int traded(self, double price, double size, int side, long long t) except? -1
    cdef int settle(self, long long t) except? -1
    cdef int drop(self) except? -1
    cdef int finish(self, long long t) except? -1
    cdef int _final(self) except? -1
    cdef int _gather(self) except? -1
    cdef double _take(self, int side, double price) noexcept
    cdef int _book(self, int side, int kind, double price, double size, double whole, int zone, bint touch, long long t) except? -1
    cdef int _zone(self, int side, double price) noexcept
    cdef int _grow(self) except? -1
    cdef int _remember(self, Book book) noexcept
