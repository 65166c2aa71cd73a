#!/bin/sh
# One Argon2id hash here against one of libsodium's, turn by turn in one run.
# Needs a C compiler, pkg-config and libsodium's headers (Debian: libsodium-dev).
set -eu
cd "$(dirname "$0")/.."
peer="${TMPDIR:-/tmp}/portcullis-libsodium-peer"
# shellcheck disable=SC2046
cc -O2 benches/libsodium.c $(pkg-config --cflags --libs libsodium) -o "$peer"
LIBSODIUM_PEER="$peer" cargo bench --package portcullis-password --bench against_libsodium
