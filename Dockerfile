# Portcullis as an image: the binary, a C library, certificates, and no shell. It runs as a user without
# rights, needs no capability, and writes to /var/lib/portcullis only.
#
#   docker build -t portcullis .                              compiles it
#   docker build -t portcullis --build-arg BINARY=dist .      takes dist/portcullis instead
#
# A binary in dist/ must not want a newer C library than Debian 12 has (glibc 2.36).
# docs/deploy.md says how to run it, scripts/docker-test proves what is said here.

# Which stage gives the binary: build or dist.
ARG BINARY=build

FROM rust:1.95.0-bookworm AS build
WORKDIR /src
# The toolchain of the image, without asking for components that only development needs.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --package portcullis-cli \
    && install -m 0755 target/dist/portcullis /portcullis

FROM scratch AS dist
COPY dist/portcullis /portcullis

FROM ${BINARY} AS binary

# An empty folder: the last stage has nothing to make one with.
FROM scratch AS empty
WORKDIR /empty

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Portcullis" \
      org.opencontainers.image.description="Accounts and security for web applications" \
      org.opencontainers.image.source="https://github.com/portcullis-auth/portcullis" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/portcullis/
COPY --from=binary --chown=0:0 --chmod=0755 /portcullis /usr/bin/portcullis
# A new volume takes its owner and mode from here.
COPY --from=empty --chown=65532:65532 --chmod=0700 /empty /var/lib/portcullis
ENV PORTCULLIS_LISTEN=0.0.0.0:8080 \
    PORTCULLIS_DATA_DIR=/var/lib/portcullis
WORKDIR /
# By number, so that an orchestrator can tell that it isn't root.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=6s --start-period=10s --retries=3 \
    CMD ["/usr/bin/portcullis", "healthcheck"]
ENTRYPOINT ["/usr/bin/portcullis"]
CMD ["serve"]
