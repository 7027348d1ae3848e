# Builds the wheel and runs the installed wheel: no compiler, no sources and no test tools in the image.
FROM python:3.11-slim-bookworm AS build
# Python.h comes with python.org's image; where Python is Debian's own, python3-dev brings it.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && if ! python -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; \
       then apt-get install -y --no-install-recommends python3-dev; fi \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
# Everything comes from the lock and is held against its hashes: first the tools of the build, then (below) the rest.
RUN python -m venv /build \
    && awk '/^(uv|cython|setuptools|wheel|packaging|picows)==/ { on = 1 } on { print } on && !/\\$/ { on = 0 }' requirements.lock > tools.lock \
    && /build/bin/python -m pip install --no-cache-dir --quiet --no-deps --require-hashes -r tools.lock
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE ./
COPY connectors connectors
COPY service service
COPY config/alerts config/alerts
COPY simulator simulator
RUN /build/bin/uv build --wheel --no-build-isolation --python /build/bin/python --out-dir dist \
    && python -m venv --without-pip /app \
    && /build/bin/uv pip install --quiet --no-cache --compile-bytecode --python /app/bin/python \
       --constraint requirements.lock "steelyard[ccxt,history,cluster] @ file://$(ls /src/dist/steelyard-*.whl)"

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Steelyard" \
      org.opencontainers.image.description="Order book imbalance of every exchange, in real time, and how far each number can be trusted" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin steelyard \
    && install -d -o 10001 -g 10001 /var/lib/steelyard
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STEELYARD_CACHE_DIR=/tmp/steelyard \
    XDG_STATE_HOME=/var/lib
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["steelyard"]
CMD ["run"]
