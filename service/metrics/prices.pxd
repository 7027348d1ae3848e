# C-level face of prices.py.

cdef unsigned long long mixed(double price) noexcept

cdef class TimeByPrice:
    cdef readonly int count
    cdef int room
    cdef double* price
    cdef long long* time
    cpdef void clear(self) noexcept
    cdef int _place(self, double price) noexcept
    cpdef int put(self, double price, long long t) except? -1
    cpdef long long pop(self, double price) noexcept
    cdef int _grow(self) except? -1
