# C-level face of declare.py: what each metric is given and may override. No metric needs a .pxd of its own.

from connectors.book cimport Book
from connectors.changes cimport Changes
from .bands cimport Bands
from .windows cimport Coverage, RollingState, RollingSums

cdef class Context:
    cdef readonly Book book
    cdef readonly Changes changes
    cdef readonly Coverage books, trades, liquidations
    cdef readonly object derivative
    cdef public bint flow_withheld
    cdef public double tick
    cdef public double mid
    cdef public double agreement
    cdef dict _bands

cdef class Metric:
    cdef readonly dict params
    cdef readonly Context context
    cdef double[::1] row
    cdef readonly int at
    cpdef int update(self, Book book, int kind, long long t) except? -1
    cpdef int traded(self, double price, double size, double quote, int side, long long t) except? -1
    cpdef int paused(self, long long t) except? -1
    cpdef int lost(self, long long t) except? -1
    cpdef int refresh(self, Book book, long long t) except? -1
