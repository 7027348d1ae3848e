# C-level face of windows.py.

cdef class RollingSums:
    cdef int width, count
    cdef long long[::1] spans
    cdef long long[::1] times
    cdef double[::1] entries
    cdef int capacity
    cdef long long head
    cdef long long[::1] tails
    cdef double[::1] high, low
    cdef double[::1] value
    cdef int push(self, long long t) except? -1
    cdef void _add(self, int at, double x) noexcept
    cdef int expire(self, long long t) except? -1
    cdef double total(self, int window, int column) noexcept

cdef class RollingState:
    cdef int width
    cdef long long span
    cdef long long[::1] times
    cdef double[::1] entries
    cdef int capacity
    cdef long long head, tail
    cdef double[::1] value, twa, least, most
    cdef int push(self, long long t) except? -1
    cdef int summarise(self, long long t) except? -1

cdef class Coverage:
    cdef public long long since
    cdef list past
    cdef public double least
    cpdef int start(self, long long t) except? -1
    cpdef int stop(self, long long t) except? -1
    cpdef double share(self, long long span, long long t) except? -1
    cdef bint enough(self, long long span, long long t) except? -1
