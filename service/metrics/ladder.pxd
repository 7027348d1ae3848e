# C-level face of ladder.py.

from connectors.book cimport Book
from .bands cimport Bands

cdef class Ladder:
    cdef Bands bands
    cdef readonly bint defined
    cdef readonly double mid
    cdef double* price[2]
    cdef double* size[2]
    cdef int count[2]
    cdef bint known[2]
    cdef bint more[2]
    cdef bint next_known[2]
    cdef int room
    cdef object seen
    cdef long long version
    cdef int _grow(self, int room) except? -1
    cpdef int bring(self, Book book) except? -1
