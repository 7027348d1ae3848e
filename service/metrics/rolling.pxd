# C-level face of rolling.py.

cdef class RollingMoments:
    cdef readonly int size, count
    cdef int head, since, same
    cdef double shift, sum, squares, last
    cdef double* entries
    cpdef int push(self, double x) except? -1
    cdef int _rebuild(self) except? -1
    cpdef double mean(self) noexcept
    cpdef double sigma(self) noexcept
    cpdef double zscore(self, double x) noexcept
    cpdef double autocorrelation(self) noexcept
    cdef double at(self, int age) noexcept

cdef class RollingRank:
    cdef readonly int size, count
    cdef int head
    cdef double* entries
    cdef double* ordered
    cdef int _place(self, double x) noexcept
    cpdef int push(self, double x) except? -1
    cpdef double quantile(self, double share) noexcept
    cpdef double rank(self, double x) noexcept

cdef class RollingFit:
    cdef readonly int size, count
    cdef int head
    cdef bint stale
    cdef double* x
    cdef double* y
    cdef readonly double alpha, beta, r2, t
    cpdef int push(self, double x, double y) except? -1
    cpdef int fit(self) except? -1
