# Sourced by scripts/dist-test: how each of what is in dist/ is installed, started and removed again.
# shellcheck shell=bash

# only PATTERN: the one file in $dist of that name.
only() {
    local files
    mapfile -t files < <(compgen -G "$dist/$1")
    [ ${#files[@]} -eq 1 ] || { echo "$dist/$1: ${#files[@]} files" >&2; return 1; }
    realpath "${files[0]}"
}

is_version() { [ "$("$@")" = "portcullis $version" ]; } # is_version COMMAND …: what it prints

# start COMMAND …: a server on a port of its own, in an empty folder. A function must end with `exec`.
start() {
    local folder log how=exec
    folder=$(mktemp -d "$work/server.XXXX")
    log=$folder.log
    [ "$(type -t "$1")" != function ] || how=''
    (cd "$folder" && $how "$@" >"$log" 2>&1) &
    server=$!
    within 30 grep -q listening "$log" || { cat "$log"; return 1; }
    address=$(grep listening "$log" | grep -oE '127\.0\.0\.1:[0-9]+' | head -n 1)
}
stop() {
    kill "$server"
    wait "$server" || return 1
    server=''
}
is_alive() { [ "$(curl -s -o /dev/null -w '%{http_code}' "http://$address/livez")" = 200 ]; }

# serves COMMAND …: it starts, answers, and stops when it is asked to.
serves() { start "$@" && is_alive && stop; }

install_checksums() {
    prove "every file's checksum is right" env -C "$dist" sha256sum --check --strict SHA256SUMS
    prove "every file has one" has_all_checksums
}
has_all_checksums() {
    diff <(cut -c 67- "$dist/SHA256SUMS") <(find "$dist" -type f ! -name portcullis ! -name SHA256SUMS -printf '%f\n' | sort)
}

install_archive() {
    local archive folder
    archive=$(only 'portcullis-*-linux-gnu.tar.gz')
    folder=$work/$(basename "$archive" .tar.gz)
    prove "archive: it unpacks into one folder" tar -C "$work" -xf "$archive" "$(basename "$folder")"
    prove "archive: its binary is version $version" is_version "$folder/portcullis" --version
    prove "archive: it has licences, the manual and the unit" \
        ls "$folder"/{LICENSE-MIT,LICENSE-APACHE,README.md,docs/deploy.md,docs/systemd/portcullis.service}
    prove "archive: it serves" serves "$folder/portcullis" serve --listen 127.0.0.1:0
}

install_wheel() {
    local wheel tools=$target/dist-tools/bin env=$work/venv
    wheel=$(only 'portcullis_server-*.whl')
    prove "wheel: its tag is what its binary needs" has_right_tag "$wheel"
    python3 -m venv "$env"
    prove "wheel: pip installs it, without a network" \
        "$env/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"
    prove "wheel: its binary is version $version" is_version "$env/bin/portcullis" --version
    prove "wheel: it is the binary of the other packages" cmp "$dist/portcullis" "$env/bin/portcullis"
    prove "wheel: it serves" serves "$env/bin/portcullis" serve --listen 127.0.0.1:0
    prove "wheel: pip removes it" "$env/bin/pip" uninstall --quiet --disable-pip-version-check --yes portcullis-server
    prove "wheel: and nothing of it stays" not test -e "$env/bin/portcullis"
    tools=$(python_tools)
    prove "wheel: uv runs it as a tool" is_version env UV_CACHE_DIR="$work/uv" UV_OFFLINE=1 \
        "$tools/uv" tool run --quiet --from "$wheel" portcullis --version
}
has_right_tag() {
    local tools told
    tools=$(python_tools)
    told=$("$tools/auditwheel" show "$1")
    echo "$told"
    grep -qF "\"$(basename "$1" .whl | cut -d- -f5)\"" <<<"$told"
}

# A Debian with nothing but what the package asks for.
make_debian() {
    root=$work/debian
    need mmdebstrap mmdebstrap && list_packages || return 1
    mmdebstrap --quiet --variant=essential --include=procps,systemd bookworm "$root" "$work/apt/sources" \
        >"$work/mmdebstrap" 2>&1 || { tail -n 5 "$work/mmdebstrap" >&2; return 1; }
}
in_debian() { chroot "$root" env -i PATH="$search_path" DEBIAN_FRONTEND=noninteractive "$@"; }

install_deb() {
    local deb root
    deb=$(only 'portcullis_*.deb')
    [ "$(id -u)" -eq 0 ] || { say "only root can install a package"; return 1; }
    need lintian lintian && make_debian || return 1
    prove "deb: lintian finds no fault" has_no_fault "$deb"
    cp "$deb" "$root/tmp/portcullis.deb"
    prove "deb: dpkg installs it" in_debian dpkg -i /tmp/portcullis.deb
    prove "deb: its binary is version $version" is_version in_debian portcullis --version
    prove "deb: it has a user without a shell and a password" has_system_user
    prove "deb: the keys are root's alone, 32 random bytes each" has_keys
    prove "deb: the settings are root's alone, as a password may stand there" has_own_settings
    prove "deb: the service is neither enabled nor started" is_not_enabled
    prove "deb: systemd understands the unit" systemd-analyze verify --root="$root" portcullis.service
    prove "deb: started as the unit says, it serves" serves as_unit "$root$(in_debian dpkg -L portcullis | grep "/systemd/system/portcullis.service$")"
    prove "deb: what it stores is its user's alone" stores_for_itself
    changes_hands "$root"
}
has_no_fault() {
    local options=()
    # The profile dist strips its binary.
    if readelf --section-headers "$dist/portcullis" | grep -q ' \.symtab '; then
        options=(--suppress-tags unstripped-binary-or-object)
    fi
    lintian --allow-root --fail-on error,warning "${options[@]}" "$1"
}
has_system_user() {
    in_debian getent passwd portcullis | grep -E '^portcullis:x?!?\*?:[0-9]{1,3}:[0-9]{1,3}:[^:]*:/var/lib/portcullis:/usr/sbin/nologin$' \
        && in_debian getent shadow portcullis | grep -E '^portcullis:!?\*?:'
}
has_keys() {
    local key
    for key in jwt_secret_key secret_key; do
        [ "$(stat -c '%a %u %g %s' "$root/etc/portcullis/$key")" = '600 0 0 64' ] || return 1
    done
    not cmp -s "$root"/etc/portcullis/{jwt_secret_key,secret_key}
}
has_own_settings() {
    [ "$(stat -c '%a %u %g' "$root/etc/portcullis")" = '700 0 0' ] \
        && [ "$(stat -c '%a %u %g' "$root/etc/portcullis/environment")" = '600 0 0' ] \
        && not in_debian setpriv --reuid=nobody --regid=nogroup --clear-groups cat /etc/portcullis/environment
}
is_not_enabled() { not test -e "$root/etc/systemd/system/multi-user.target.wants/portcullis.service"; }

# as_unit UNIT: what systemd would do, which doesn't run in there: credentials, state, environment, user, command.
as_unit() {
    local given=/run/credentials/portcullis.service owner settings
    owner=$(sed -n 's/^User=//p' "$1")
    mkdir -p "$root$given"
    install -d -m 0700 "$root/var/lib/portcullis"
    sed -n 's/^LoadCredential=\([^:]*\):\(.*\)/\1 \2/p' "$1" | while read -r name file; do
        install -m 0400 "$root$file" "$root$given/$name"
    done
    in_debian chown -R "$owner:$owner" "$given" /var/lib/portcullis
    mapfile -t settings < <(
        { sed -n 's/^Environment=//p' "$1" | tr ' ' '\n'; grep '^[A-Z]' "$root/etc/portcullis/environment"; } \
            | sed -e "s|%d|$given|" -e 's|%S|/var/lib|')
    # shellcheck disable=SC2046 # a command and its arguments
    exec chroot --userspec="$owner:$owner" "$root" env -i -C /var/lib/portcullis "${settings[@]}" PORTCULLIS_LISTEN=127.0.0.1:0 \
        $(sed -n 's/^ExecStart=//p' "$1")
}
stores_for_itself() {
    [ -s "$root/var/lib/portcullis/portcullis.db" ] \
        && [ -z "$(find "$root/var/lib/portcullis" -perm /077)" ] \
        && [ -z "$(in_debian find /var/lib/portcullis ! -user portcullis)" ]
}

# An upgrade, a removal, a purge.
changes_hands() {
    local root=$1 keys
    keys=$(sha256sum "$root"/etc/portcullis/*_key)
    echo 'PORTCULLIS_PUBLIC_URL=https://accounts.example.org' >>"$root/etc/portcullis/environment"
    prove "deb: installed anew, it keeps keys and settings" bash -c "chroot '$root' dpkg -i /tmp/portcullis.deb \
        && sha256sum --check --quiet <<<'$keys' && grep -q ^PORTCULLIS_PUBLIC_URL '$root/etc/portcullis/environment'"
    prove "deb: and the settings stay root's alone" has_own_settings
    in_debian dpkg-statoverride --update --add root portcullis 0640 /etc/portcullis/environment
    in_debian dpkg-statoverride --update --add root portcullis 0750 /etc/portcullis
    prove "deb: installed anew, it keeps the modes that an administrator chose" keeps_chosen_modes
    prove "deb: removed, it leaves settings, keys and accounts" bash -c "chroot '$root' dpkg -r portcullis \
        && [ ! -e '$root/usr/bin/portcullis' ] && sha256sum --check --quiet <<<'$keys' \
        && [ -e '$root/var/lib/portcullis/portcullis.db' ]"
    prove "deb: purged, it leaves the accounts alone" bash -c "chroot '$root' dpkg -P portcullis \
        && [ ! -e '$root/etc/portcullis' ] && [ -e '$root/var/lib/portcullis/portcullis.db' ]"
}
keeps_chosen_modes() {
    in_debian dpkg -i /tmp/portcullis.deb \
        && [ "$(in_debian stat -c '%a %U %G' /etc/portcullis/environment)" = '640 root portcullis' ] \
        && [ "$(in_debian stat -c '%a %U %G' /etc/portcullis)" = '750 root portcullis' ]
}

install_sbom() {
    prove "sbom: it names every crate that is compiled in, and no other" \
        python3 packaging/sbom.py check "$(only 'portcullis-*.cdx.json')" "$(host_target)"
    prove "sbom: it names no folder of this machine" not grep -qF "$PWD" "$(only 'portcullis-*.cdx.json')"
}

image='' compose=()
remove_image() {
    [ -n "$image" ] || return 0
    dc down --volumes --timeout 1 >/dev/null 2>&1 || true
    docker image rm --force "$image" >/dev/null 2>&1 || true
}
dc() { "${compose[@]}" --project-name "$project" --file compose.sqlite.yaml "$@"; }

# With every restriction of compose.sqlite.yaml: a read-only root, no capability, no new privileges.
install_image() {
    local archive id
    archive=$(only 'portcullis-*-image.tar.gz')
    port=$((20000 + RANDOM % 12000))
    start_engine && find_compose || return 1
    prove "image: the engine loads it" docker load --quiet --input "$archive"
    image=portcullis:$version
    prove "image: its binary is version $version" is_version docker run --rm "$image" --version
    export PORTCULLIS_IMAGE=$image PORTCULLIS_SECRETS=$work/secrets PORTCULLIS_PUBLISH=127.0.0.1:$port
    export PORTCULLIS_PUBLIC_URL=http://localhost:$port
    scripts/docker-secrets >/dev/null
    prove "image: compose starts it" dc up --detach --no-build
    id=$(dc ps --quiet portcullis)
    prove "image: it becomes healthy" within 60 health_is "$id" healthy
    prove "image: no capability is left" has_no_capability "$id"
    prove "image: its root is read-only" writes_nowhere "$id" / /etc /usr/bin
    prove "image: an account can be made" answers 201 POST /api/v1/register '' "$account"
}
