# C-level face of pulled_walls.py.

from .walls cimport Wall

cdef class PulledWalls:
    cdef long long within
    cdef list walls
    # of each wall, in the order of their placing
    cdef readonly int count
    cdef long long[65] placed
    cdef long long[65] pulled
    cdef double[65] price
    cdef unsigned char[65] home  # of the price, in the table below
    # prices of the walls of a search: how many walls stand at each
    cdef double[256] slot_price
    cdef int[256] walls_at
    cdef int[65] slot
    cdef int add(self, Wall wall) except? -1
    cdef int _keep_since(self, long long t) except? -1
    cdef int expire(self, long long t) except? -1
    cdef int part_with(self, int group) except? -1
    cdef int _keep(self, int k, int to) except? -1
    cdef list largest(self, long long t, int least)
    cdef int _slot(self, int k) noexcept
