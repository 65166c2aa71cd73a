# Sourced by scripts/docker-test: the images that Dockerfile and compose.yaml name. Each is pulled; where
# that can't be done, one of the same name is made of Debian's packages, and removed at the end.
# shellcheck shell=bash

readonly runtime_base=gcr.io/distroless/cc-debian12:nonroot database_image=mongo:8
readonly ferretdb=github.com/FerretDB/FerretDB@v1.24.2

# Images made here.
imported=()

# have_image NAME: whether it is there, or can be pulled.
have_image() {
    docker image inspect "$1" >/dev/null 2>&1 || timeout 600 docker pull --quiet "$1" >/dev/null 2>&1
}

# toolchain_image: what the build stage starts from.
toolchain_image() { sed -n 's/^FROM \(rust:[^ ]*\) AS build$/\1/p' Dockerfile; }

# Debian 12 in $work/debian, once.
debian() {
    [ ! -e "$work/debian/etc/debian_version" ] || return 0
    need debootstrap debootstrap || return 1
    local mirror=''
    if command -v apt-get >/dev/null 2>&1; then
        mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' \
            | sed -n 's/^bookworm //p' | head -n 1)
    fi
    say "making Debian 12 of its packages"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$work/debian" ${mirror:+"$mirror"} \
        >"$work/debootstrap.log" 2>&1 || { tail -n 5 "$work/debootstrap.log" >&2; return 1; }
}

# What Portcullis runs on: the C library, certificates, a user, nothing that can be executed.
import_runtime_base() {
    debian || return 1
    local root=$work/base folder
    for folder in bin sbin lib lib64; do
        mkdir -p "$root/usr/$folder"
        ln -s "usr/$folder" "$root/$folder"
    done
    chroot "$work/debian" dpkg-query --listfiles libc6 libgcc-s1 libstdc++6 | sed 's|^/||' \
        | while read -r file; do
            if [ ! -d "$work/debian/$file" ]; then echo "$file"; fi
        done | grep '^\(lib\|usr/lib\|etc\)' >"$work/files"
    tar -C "$work/debian" -c -T "$work/files" etc/ssl/certs | tar -C "$root" -x --keep-directory-symlink
    mkdir -p "$root/home/nonroot" "$root/tmp" "$root/run" "$root/var/lib"
    chmod 1777 "$root/tmp"
    printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin \
        >"$root/etc/passwd"
    printf '%s\n' root:x:0: nonroot:x:65532: >"$root/etc/group"
    chown 65532:65532 "$root/home/nonroot"
    tar -C "$root" -c . | docker import --change 'USER 65532' --change 'WORKDIR /home/nonroot' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' - "$runtime_base" >/dev/null
    imported+=("$runtime_base")
}

# FerretDB, compiled once into the target folder. It wants to find its version in a file.
build_ferretdb() {
    local binary=$target/docker-test/ferretdb
    [ ! -x "$binary" ] || return 0
    command -v go >/dev/null 2>&1 || { say "without Go there is no stand-in for MongoDB"; return 1; }
    say "building $ferretdb (one to two minutes, once)"
    local module
    module=$(cd / && go mod download -json "$ferretdb" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
    [ -d "$module" ] || { say "$ferretdb can't be had"; return 1; }
    cp -r "$module" "$work/ferretdb"
    chmod -R u+w "$work/ferretdb"
    echo "${ferretdb#*@}" >"$work/ferretdb/build/version/version.txt"
    mkdir -p "${binary%/*}"
    (cd "$work/ferretdb" && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$binary" ./cmd/ferretdb) >&2
}

# A database that speaks MongoDB's protocol and asks for a password, started as the real image is.
import_database() {
    debian && build_ferretdb || return 1
    local root=$work/debian
    install -m 0755 "$target/docker-test/ferretdb" "$root/usr/local/bin/mongod"
    install -m 0755 scripts/docker/mongo-entrypoint "$root/usr/local/bin/docker-entrypoint.sh"
    mkdir -p "$root/docker-entrypoint-initdb.d" "$root/data/db" "$root/data/configdb"
    chown -R 999:999 "$root/data"
    tar -C "$root" -c --exclude=./var/cache --exclude=./var/lib/apt --exclude=./usr/share . \
        | docker import --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["mongod"]' \
            --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
            --change 'VOLUME /data/db /data/configdb' - "$database_image" >/dev/null
    imported+=("$database_image")
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
        say "$database_image: can't be pulled, made of Debian's packages and FerretDB"
    fi
}

remove_bases() {
    [ ${#imported[@]} -eq 0 ] || docker image rm --force "${imported[@]}" >/dev/null 2>&1 || true
}
