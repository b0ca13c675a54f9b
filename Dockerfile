# The sandbox as an image: `make image` builds it and tests it. No other build tools than pip and apt.

FROM python:3.13-slim AS build
# hadolint ignore=DL3008 -- binutils only strips; the base image's tag decides its version
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils
WORKDIR /src
COPY . .
# The lock names each dependency by version and hash: the same image from the same tree, on amd64 and arm64 alike (every
# dependency has a wheel for both, so nothing is compiled).
# What a server never opens goes: the sources of compiled modules, and the debug symbols that some wheels carry
# (25 MB). Bytecode is made here: a read-only root could not keep it, and without it the start takes twice as long.
RUN pip install --no-cache-dir --no-compile --ignore-installed --prefix /install --require-hashes --only-binary :all: -r requirements.lock \
    && pip install --no-cache-dir --no-compile --no-deps --prefix /install . \
    && find /install -type f \( -name '*.c' -o -name '*.h' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.pyi' -o -name '*.pyx' \) -delete \
    && find /install -type f -name '*.so' -exec strip --strip-unneeded {} + \
    && python -m compileall -q --invalidation-mode unchecked-hash -s /install -p /usr/local /install

FROM python:3.13-slim
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Appointment Registry Sandbox" \
      org.opencontainers.image.description="A sandbox of the NHS Appointment Registry (FHIR STU3) to test clients against" \
      org.opencontainers.image.licenses="MIT AND Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim"
COPY --from=build /install /usr/local
# All settings are environment variables, SANDBOX_* (`registry-sandbox settings`), or arguments after the image's name.
# SSL_CERT_FILE: aiohttp reads every authority of the system when it is imported, a tenth of the start and more; the
# sandbox calls nobody.
ENV SANDBOX_HOST=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SSL_CERT_FILE=/dev/null
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s --start-interval=1s --retries=3 CMD ["registry-sandbox", "health"]
ENTRYPOINT ["registry-sandbox"]
