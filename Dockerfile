# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
#
#   docker build -t dmd .
#   docker run --rm -v "$PWD:/work" dmd sample

FROM swift:6.2-bookworm AS build
# Debian moves its packages on, so that a pinned version would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git pkg-config python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN scripts/install --prefix /opt/dmd

FROM debian:bookworm-slim
COPY --from=build /opt/dmd /opt/dmd
COPY --from=build /usr/share/datasets/fashion-mnist /usr/share/datasets/fashion-mnist
WORKDIR /work
ENTRYPOINT ["/opt/dmd/bin/dmd"]
CMD ["--help"]
