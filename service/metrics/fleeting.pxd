# C-level face of fleeting.py.

from .windows cimport RollingSums

cdef class Fleeting:
    cdef readonly int count
    cdef long long[::1] horizons
    cdef long long longest, width, head, tail, capacity
    cdef long long* times
    cdef long long* before
    cdef double* prices
    cdef double* sizes
    cdef double* left
    cdef double* gone
    cdef signed char* sides
    cdef long long[::1] newest
    cdef double[::1] all
    cdef RollingSums sums
    cdef long long step
    cdef bint gathering
    cdef int added(self, int side, double price, double size, long long t) except? -1
    cdef int cancelled(self, int side, double price, double size, long long t) except? -1
    cdef int expire(self, long long t) except? -1
    cdef int _observed(self) except? -1
    cdef int _gather(self) except? -1
    cdef int flush(self) except? -1
    cdef int _grow(self) except? -1
    cdef double share(self, int k, long long t) except? -1
