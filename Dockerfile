# One file for every service: docker build --build-arg SERVICE=visits -t shouwang/visits .
# The image holds the two libraries and one service, so it cannot even import a neighbour.

FROM python:3.11.14-slim-trixie AS libraries
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin shouwang
COPY requirements/runtime.txt requirements/runtime.txt
RUN pip install --require-hashes -r requirements/runtime.txt
COPY libs/contracts libs/contracts
COPY libs/common libs/common
RUN pip install --no-deps --no-build-isolation libs/contracts libs/common
# Every program listens on PORT and answers /health/live. Liveness asks for nothing else.
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=2)"]

# Tokens for the development profile; docker compose starts it, nothing else does.
FROM libraries AS issuer
COPY deploy/local deploy/local
RUN pip install --no-deps --no-build-isolation deploy/local
USER 10001
CMD ["python", "-m", "local.issuer"]

FROM libraries AS service
ARG SERVICE
COPY services/${SERVICE} services/${SERVICE}
RUN pip install --no-deps --no-build-isolation services/${SERVICE}
COPY policies policies
ENV SERVICE=${SERVICE}
USER 10001
# `exec`, so that the service itself gets SIGTERM and can finish what it has begun.
CMD ["sh", "-c", "exec python -m \"$SERVICE\""]
