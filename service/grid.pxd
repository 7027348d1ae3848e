# C-level face of grid.py.

from connectors.book cimport Book

cdef class Grid:
    cdef list metrics
    cdef public long long at
    cdef public bint good, broken
    cdef bint was_good
    cdef int step(self, Book book, long long t) except? -1
