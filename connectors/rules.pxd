# C-level face of rules.py.

cdef class Rule:
    cpdef bint whole(self, long long first, long long last)
    cpdef bint begins(self, long long previous)
    cpdef int join(self, long long image, long long first, long long last, long long previous)
    cpdef int follow(self, long long at, long long first, long long last, long long previous, bint older)
