# C-level face of bands.py.

from connectors.book cimport Book

cdef class Bands:
    cdef readonly tuple widths
    cdef readonly int count
    cdef long long[::1] parts
    cdef double[::1] bid_base, bid_quote, ask_base, ask_quote
    cdef signed char[::1] bid_known, ask_known
    cdef readonly bint defined
    cdef object seen
    cdef long long version
    cpdef int bring(self, Book book) except? -1
    cdef long long edge(self, long long twice_mid, long long part, bint up) except? -1
