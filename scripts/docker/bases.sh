# Sourced by scripts/docker-test: the images that Dockerfile and compose.yaml name. Each is pulled; where
# that can't be done, one of the same name is made of Debian's packages, and removed at the end.
# shellcheck shell=bash

readonly runtime_base=gcr.io/distroless/cc-debian12:nonroot database_image=mongo:8

# Images made here.
imported=()

# have_image NAME: whether it is there, or can be pulled.
have_image() {
    docker image inspect "$1" >/dev/null 2>&1 || timeout 600 docker pull --quiet "$1" >/dev/null 2>&1
}

# toolchain_image: what the build stage starts from.
toolchain_image() { sed -n 's/^FROM \(rust:[^ ]*\) AS build$/\1/p' Dockerfile; }

# apt12 …: apt with Debian 12's packages, whatever the host has its own from, in $work/apt.
apt12() {
    apt-get -qq -o "Dir::Etc::SourceList=$work/apt/sources" -o Dir::Etc::SourceParts=- \
        -o "Dir::State::Lists=$work/apt/lists" -o Dir::State::Status=/dev/null -o "Dir::Cache=$work/apt/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# Lists Debian 12's packages, once, from the mirror that the host is configured with, if it has one.
list_packages() {
    [ ! -e "$work/apt" ] || return 0
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
        say "without apt no image can be made of Debian's packages"
        return 1
    fi
    [ -e "$keys" ] || install_package debian-archive-keyring || return 1
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' \
        | sed -n 's/^bookworm //p' | head -n 1)
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    echo "deb [signed-by=$keys] ${mirror:-http://deb.debian.org/debian} bookworm main" >"$work/apt/sources"
    apt12 update || { say "Debian's packages can't be had"; return 1; }
}

# unpack ROOT PACKAGE …: just these packages, none of their scripts run.
unpack() {
    local root=$1 folder package
    shift
    list_packages && mkdir -p "$root.packages" && (cd "$root.packages" && apt12 download "$@" >/dev/null) || return 1
    for folder in bin sbin lib lib64; do
        mkdir -p "$root/usr/$folder"
        ln -s "usr/$folder" "$root/$folder"
    done
    for package in "$root.packages"/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -C "$root" -x --keep-directory-symlink
    done
    mkdir -p "$root/etc" "$root/tmp" "$root/run" "$root/var/lib"
    chmod 1777 "$root/tmp"
}

# with_dependencies PACKAGE …: these, and what they depend on.
with_dependencies() {
    list_packages && apt12 install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p'
}

readonly search_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# What Portcullis runs on: the C library, certificates, a user, nothing that can be executed.
import_runtime_base() {
    local root=$work/base
    unpack "$root" libc6 libgcc-s1 libstdc++6 ca-certificates || return 1
    mkdir -p "$root/etc/ssl/certs" "$root/home/nonroot"
    cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
    rm -r "${root:?}"/usr/sbin/* "$root/usr/share"
    printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin \
        >"$root/etc/passwd"
    printf '%s\n' root:x:0: nonroot:x:65532: >"$root/etc/group"
    chown 65532:65532 "$root/home/nonroot"
    tar -C "$root" -c . | docker import --change 'USER 65532' --change 'WORKDIR /home/nonroot' \
        --change "ENV PATH=$search_path" --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
        - "$runtime_base" >/dev/null
    imported+=("$runtime_base")
}

# MongoDB's server, the one of the other tests, started as the real image starts it.
import_database() {
    local root=$work/database mongod packages
    mongod=$(scripts/mongo binary) || {
        need python3 python3 && install_package python3-venv && install_package libcurl4 \
            && mongod=$(scripts/mongo binary) || return 1
    }
    mapfile -t packages < <(with_dependencies bash coreutils grep libcurl4 python3)
    unpack "$root" "${packages[@]}" || return 1
    mkdir -p "$root/usr/local/bin" "$root/usr/local/lib/mongo" "$root/docker-entrypoint-initdb.d" \
        "$root/data/db" "$root/data/configdb"
    install -m 0755 "$mongod" "$root/usr/local/bin/mongod"
    install -m 0755 scripts/docker/mongo-entrypoint "$root/usr/local/bin/docker-entrypoint.sh"
    install -m 0644 scripts/mongo_command.py scripts/docker/mongo_users.py "$root/usr/local/lib/mongo"
    rm -r "${root:?}/usr/share"
    chown -R 999:999 "$root/data"
    tar -C "$root" -c . | docker import --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["mongod"]' \
        --change "ENV PATH=$search_path" --change 'VOLUME /data/db /data/configdb' - "$database_image" >/dev/null
    imported+=("$database_image")
    docker run --rm --entrypoint mongod "$database_image" --version >/dev/null \
        || { say "$mongod doesn't run on Debian 12"; return 1; }
}

# Both, by either way.
get_bases() {
    if have_image "$runtime_base"; then
        say "$runtime_base: pulled"
    else
        import_runtime_base || return 1
        say "$runtime_base: can't be pulled, made of Debian's packages"
    fi
    if have_image "$database_image"; then
        say "$database_image: pulled"
    else
        import_database || return 1
        say "$database_image: can't be pulled, made of Debian's packages and the mongod of scripts/mongo"
    fi
}

remove_bases() {
    [ ${#imported[@]} -eq 0 ] || docker image rm --force "${imported[@]}" >/dev/null 2>&1 || true
}
