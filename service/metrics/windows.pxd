# C-level face of windows.py.

cdef class RollingSums:
    cdef int width, count
    cdef long long* spans
    cdef long long* tails
    cdef int capacity
    cdef long long head
    cdef long long* times
    cdef double* entries
    cdef double* high
    cdef double* low
    cdef double* value
    cdef int push(self, long long t) except? -1
    cdef int gather(self, long long t) except? -1
    cdef void _add(self, int at, double x) noexcept
    cdef int expire(self, long long t) except? -1
    cdef double total(self, int window, int column) noexcept
    cdef int _grow(self, long long oldest) except? -1

cdef class RollingState:
    cdef int width
    cdef long long span
    cdef int capacity
    cdef long long head, tail
    cdef long long* times
    cdef double* entries
    cdef double* value
    cdef double* twa
    cdef double* least
    cdef double* most
    cdef int push(self, long long t) except? -1
    cdef int summarise(self, long long t) except? -1
    cdef int _grow(self) except? -1

cdef class Coverage:
    cdef public long long since
    cdef long long gone
    cdef long long[64] began
    cdef long long[64] ended
    cdef public double least
    cpdef int start(self, long long t) except? -1
    cpdef int stop(self, long long t) except? -1
    cpdef double share(self, long long span, long long t) except? -1
    cdef bint enough(self, long long span, long long t) except? -1
