# C-level face of taking.py.

from connectors.book cimport Book, Side

cdef class Taking:
    cdef readonly double filled, last, paid
    cpdef int take(self, Book book, bint buys, double size) except? -1
