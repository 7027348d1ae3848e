"""Builds the compiled modules: every source that imports cython is one; and lets the wheel carry the default rules.

Everything else is in pyproject.toml.
"""

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError, ExecError, LinkError

HERE = Path(__file__).parent
PACKAGES = ("connectors", "service")
SHARED = (
    "connectors._memory"  # Cython's code for memory views, once: 25,000 lines of C that each module had else
)
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "annotation_typing": True,
    "embedsignature": True,
    "show_performance_hints": False,
}


def compiled_sources() -> list[str]:
    """Sources in connectors/ and service/ that import cython, relative to here."""
    sources = [path for package in PACKAGES for path in sorted((HERE / package).rglob("*.py"))]
    return [
        path.relative_to(HERE).as_posix()
        for path in sources
        if "import cython" in path.read_text(encoding="utf-8").splitlines()
    ]


def flags(source: str) -> list[str]:
    """What others call through a .pxd is the hot path and optimised fully.

    The metrics on top of it are many and short: that would gain nothing and take twice as long to compile.
    """
    hot = (HERE / source).with_suffix(".pxd").is_file() or source.startswith("connectors/")
    return ["-O3" if hot else "-O1", "-g0", "-Wno-unused-function"]


def module_name(source: str) -> str:
    return ".".join(Path(source).with_suffix("").parts)


class BuildCompiled(build_ext):
    """Compiles on all cores, and says in one sentence what is missing where it cannot."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count() or 1

    def run(self) -> None:
        """Turn the sources into C, here and not on import: metadata and sdist need neither Cython nor a compiler."""
        from Cython.Build import cythonize

        header = Path(sysconfig.get_path("include"), "Python.h")
        if not header.is_file():
            sys.exit(
                f"steelyard: its hot path is compiled, and Python's header {header} is not there; "
                "install it (Debian: apt install python3-dev) and try again."
            )
        if (
            self.inplace or self.editable_mode
        ):  # one place for both: neither compiles again what the other has
            self.build_lib = f"build/inplace-{sys.implementation.cache_tag}"
            self.build_temp = f"build/objects-{sys.implementation.cache_tag}"
        made = cythonize(
            [Extension(one.name, list(one.sources)) for one in self.extensions],
            compiler_directives=DIRECTIVES,
            build_dir="build",
            nthreads=int(self.parallel),
            quiet=True,
            force=bool(self.force),
            shared_utility_qualified_name=SHARED,
        )
        c_files = {one.name: one.sources for one in made}
        for extension in self.extensions:
            extension.sources = c_files[extension.name]
        super().run()

    def build_extensions(self) -> None:
        try:
            super().build_extensions()
        except (CompileError, ExecError, LinkError) as failure:
            sys.exit(
                "steelyard: its hot path is compiled, and the C compiler is missing or did not do its work "
                f"({failure}); install one (Debian: apt install gcc python3-dev) and try again."
            )


class BuildWithRules(build_py):
    """Alert rules stand in config/alerts/, where an operator looks for them; a wheel carries them inside the package."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib, "service", "alerts", "defaults")
            folder.mkdir(parents=True, exist_ok=True)
            for rule in sorted((HERE / "config" / "alerts").glob("*.yaml")):
                self.copy_file(str(rule), str(folder / rule.name))


setup(
    ext_modules=[
        Extension(module_name(source), [source], extra_compile_args=flags(source))
        for source in [SHARED.replace(".", "/") + ".c", *compiled_sources()]
    ],
    cmdclass={"build_ext": BuildCompiled, "build_py": BuildWithRules},
)
