# Sourced by scripts/dist: how each of what users install is made of $dist/portcullis.
# shellcheck shell=bash

# The binary with what is to be read and set up beside it.
make_archive() {
    local name=portcullis-$version-$machine-linux-gnu
    mkdir -p "$work/$name/docs"
    cp "$dist/portcullis" LICENSE-MIT LICENSE-APACHE README.md SECURITY.md ARCHITECTURE.md CHANGELOG.md .env.example "$work/$name"
    cp -r docs/*.md docs/openapi.json docs/systemd docs/nginx "$work/$name/docs"
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mode=go-w --mtime="@$SOURCE_DATE_EPOCH" -c "$name" \
        | gzip -n >"$dist/$name.tar.gz"
}

host_target() { rustc -vV | sed -n 's/^host: //p'; }

# The names and versions of everything that is compiled in, in CycloneDX.
make_sbom() {
    local tool=$target/tools/bin/cargo-cyclonedx name=portcullis-$version host
    host=$(host_target)
    [ -x "$tool" ] || cargo install --locked --quiet --root "$target/tools" cargo-cyclonedx@0.5.9
    # It writes beside the manifest.
    "$tool" cyclonedx --manifest-path crates/cli/Cargo.toml --format json --spec-version 1.5 \
        --target "$host" --override-filename "$name.cdx"
    find crates -name "$name.cdx.json" ! -path 'crates/cli/*' -delete
    mv "crates/cli/$name.cdx.json" "$dist/"
    python3 packaging/sbom.py tidy "$dist/$name.cdx.json" "$host"
}

# python_tools: a folder with the programs of packaging/requirements.txt.
python_tools() {
    local folder=$target/dist-tools
    if ! cmp --silent packaging/requirements.txt "$folder/requirements.txt"; then
        rm -rf "$folder"
        python3 -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
            --requirement packaging/requirements.txt
        cp packaging/requirements.txt "$folder/requirements.txt"
    fi
    echo "$folder/bin"
}

make_wheel() {
    local tools
    tools=$(python_tools)
    mkdir "$work/wheel"
    cp packaging/wheel/* Cargo.toml LICENSE-* "$dist/portcullis" "$work/wheel"
    cp "$dist/portcullis-$version.cdx.json" "$work/wheel" 2>/dev/null || true
    "$tools/uv" build --quiet --no-build-isolation --python "$tools/python" --wheel --out-dir "$work/wheels" "$work/wheel"
    mv "$work"/wheels/*.whl "$dist/"
}

# The unit of docs/systemd, with the binary where Debian has it and the package's own user.
debian_unit() {
    sed -e 's|/usr/local/bin/portcullis|/usr/bin/portcullis|' \
        -e 's|^DynamicUser=yes$|User=portcullis|' \
        -e 's|docs/deploy.md\.$|/usr/share/doc/portcullis/docs/deploy.md.|' docs/systemd/portcullis.service
}

make_deb() {
    local root=$work/deb/portcullis
    need dh debhelper || return 1
    mkdir -p "$root"
    cp -r packaging/debian "$root/debian"
    cp "$dist/portcullis" README.md SECURITY.md ARCHITECTURE.md CHANGELOG.md "$root"
    cp -r docs "$root"
    mv "$root/debian/environment" "$root"
    debian_unit >"$root/debian/portcullis.service"
    printf 'portcullis (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- The Portcullis authors <%s>  %s\n' \
        "$version" portcullis@example.org "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$root/debian/changelog"
    (cd "$root" && COMPRESSION=$compression debian/rules binary >"$work/debhelper" 2>&1) || { cat "$work/debhelper" >&2; return 1; }
    mv "$work"/deb/*.deb "$dist/"
}

make_image() {
    local base=$runtime_base tag=portcullis:$version context=$work/context
    start_engine && find_builder && { have_image "$base" || import_runtime_base; } || return 1
    mkdir -p "$context/dist"
    cp Dockerfile LICENSE-MIT LICENSE-APACHE "$context"
    cp "$dist/portcullis" "$context/dist"
    DOCKER_BUILDKIT=1 "$builder" build --quiet --tag "$tag" --build-arg BINARY=dist --build-arg "VERSION=$version" \
        --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" "$context" >/dev/null
    docker save "$tag" | gzip -n >"$dist/portcullis-$version-$machine-image.tar.gz"
    remove_bases
}
