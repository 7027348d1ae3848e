# C arrays that grow. All of it is compiled into whoever cimports it, so there is no module to import.

from libc.stdlib cimport realloc

cdef inline void* resized(void* old, size_t size) except NULL:
    """`old` with room for `size` bytes, what it held kept; raises MemoryError, and `old` stays as it was."""
    cdef void* fresh = realloc(old, size)
    if fresh == NULL:
        raise MemoryError
    return fresh
