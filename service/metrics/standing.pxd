# C-level face of standing.py.

from connectors.book cimport Book
from .declare cimport Context

cdef class Standing:
    cdef Context context
    cdef int levels
    cdef long long span
    cdef readonly double bid, ask
    cdef readonly bint known
    # changes of the last `span`, oldest at `tail`
    cdef long long head, tail
    cdef int capacity
    cdef long long* times
    cdef signed char* which
    cdef double* price
    cdef double* old
    cdef double floor, ceiling
    cdef long long since
    cdef long long seen
    cdef object book
    cdef long long brought, brought_at
    cdef double[::1] bids, asks
    cdef int note(self, Book book, long long t) except? -1
    cdef int _push(self, long long t, int which, double price, double old) except? -1
    cdef int _grow(self) except? -1
    cdef int lost(self) noexcept
    cdef int bring(self, Book book, long long t) except? -1
