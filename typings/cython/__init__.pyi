# What mypy is to think of `import cython`, for which Cython has no types: C numbers are Python's, decorators change nothing.

import builtins
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, overload

_T = TypeVar("_T")
_Scalar = TypeVar("_Scalar", builtins.bool, builtins.int, builtins.float, builtins.str, builtins.bytes)
_Class = TypeVar("_Class", bound=type)

compiled: builtins.bool

int: TypeAlias = builtins.int
schar: TypeAlias = builtins.int
uchar: TypeAlias = builtins.int
longlong: TypeAlias = builtins.int
ulonglong: TypeAlias = builtins.int
ushort: TypeAlias = builtins.int
Py_ssize_t: TypeAlias = builtins.int
double: TypeAlias = builtins.float
float: TypeAlias = builtins.float
bint: TypeAlias = builtins.int
p_const_uchar: TypeAlias = builtins.bytes
p_double: TypeAlias = Any
void: TypeAlias = None

def address(value: object) -> Any: ...
def cclass(kind: _Class) -> _Class: ...
def final(kind: _Class) -> _Class: ...
def cfunc(function: _T) -> _T: ...
def ccall(function: _T) -> _T: ...
def inline(function: _T) -> _T: ...
def exceptval(value: object = None, *, check: builtins.bool = True) -> Callable[[_T], _T]: ...
@overload
def declare(kind: type[_Scalar], value: _Scalar = ..., *, visibility: builtins.str = ...) -> _Scalar: ...
@overload
def declare(kind: object, value: object = ..., *, visibility: builtins.str = ...) -> Any: ...
@overload
def cast(kind: type[_Scalar], value: object) -> _Scalar: ...
@overload
def cast(kind: type[_T], value: object) -> _T: ...
