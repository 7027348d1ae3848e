"""Builds the compiled modules: every source that imports cython is one. Everything else is in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parent
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "annotation_typing": True,
    "embedsignature": True,
}


class BuildCompiled(build_ext):
    """Says in one sentence what is missing where no C compiler is found."""

    def build_extensions(self) -> None:
        try:
            super().build_extensions()
        except Exception as failure:
            if "command" in str(failure) and "failed" not in str(failure).split(":")[0]:
                raise
            sys.exit(
                "steelyard: its hot path is compiled and no working C compiler was found "
                f"({failure}); install one (Debian: apt install gcc python3-dev) and try again."
            )


def compiled_sources() -> list[str]:
    """Sources in connectors/ and service/ that import cython, relative to here."""
    found = []
    for package in ("connectors", "service"):
        for path in sorted((HERE / package).rglob("*.py")):
            if any(line == "import cython" for line in path.read_text().splitlines()):
                found.append(path.relative_to(HERE).as_posix())
    return found


def extensions() -> list[Extension]:
    from Cython.Build import cythonize

    modules = [
        Extension(path[:-3].replace("/", "."), [path], extra_compile_args=["-O3"]) for path in compiled_sources()
    ]
    return cythonize(modules, compiler_directives=DIRECTIVES, build_dir="build", quiet=True)  # type: ignore[no-any-return]


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildCompiled})
