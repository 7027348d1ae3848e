# C-level face of histogram.py.

cdef class Histogram:
    cdef double[::1] bounds, row
    cdef int at, count
    cdef readonly int size
    cpdef void observe(self, double x) noexcept
