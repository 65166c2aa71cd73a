# Sourced by scripts/docker-test: an engine, and the commands that speak with it.
# shellcheck shell=bash

# What was started, and what was there before: the engine that is started here leaves none of its own.
engine_pid=''
readonly engine_switches=(net/ipv4/ip_forward net/ipv6/conf/{all,default}/forwarding)

# need COMMAND PACKAGE: installs what is missing, where that can be done.
need() {
    command -v "$1" >/dev/null 2>&1 && return
    if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
        say "$1 is missing, and can't be installed by this user"
        return 1
    fi
    say "$1 is missing, installing $2"
    install_package "$2" 2>/dev/null || { apt-get update -qq && install_package "$2"; }
}
# Where there is no systemd no service is started by it: in runlevel 1 there are none.
install_package() {
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >/dev/null
}

# Finds an engine that answers, or starts one whose files are all in $work.
start_engine() {
    need docker docker.io || return 1
    if docker info >/dev/null 2>&1; then
        say "an engine answers: $(docker info --format '{{.ServerVersion}}, {{.Driver}}')"
        return
    fi
    [ "$(id -u)" -eq 0 ] || { say "no engine answers, and only root could start one"; return 1; }
    need dockerd docker.io && need iptables iptables && need ip iproute2 || return 1
    # Two of them would take each other's bridges and rules for their own.
    exec {turn}<"$(command -v dockerd)"
    flock "$turn"
    remember
    dockerd --data-root "$work/engine" --exec-root "$work/run" --pidfile "$work/dockerd.pid" \
        --host "unix://$work/docker.sock" >"$work/dockerd.log" 2>&1 {turn}<&- &
    engine_pid=$!
    export DOCKER_HOST=unix://$work/docker.sock
    if ! within 60 docker info; then
        tail -n 5 "$work/dockerd.log" >&2
        say "an engine can't be started here"
        return 1
    fi
    say "started an engine: $(docker info --format '{{.ServerVersion}}, {{.Driver}}')"
}

# Where an engine leaves something outside its folders, as far as it exists.
engine_paths() {
    local path
    for path in /sys/class/net/docker0 /run/docker /run/containerd /sys/fs/cgroup/docker /sys/fs/cgroup/*/docker; do
        [ ! -e "$path" ] || echo "$path"
    done
}

# remember: into $work/before, what an engine changes outside its folders.
remember() {
    mkdir "$work/before"
    local tool path
    for tool in iptables ip6tables; do "$tool-save" >"$work/before/$tool" 2>/dev/null || true; done
    engine_paths >"$work/before/paths"
    for path in "${engine_switches[@]}"; do
        [ ! -e "/proc/sys/$path" ] || echo "$(cat "/proc/sys/$path") $path"
    done >"$work/before/switches"
}

# engine_rules TOOL: what removes the rules of an engine and of its networks, for TOOL-restore.
engine_rules() {
    "$1-save" 2>/dev/null | awk -v policy="$(sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p' "$work/before/$1" | head -n 1)" '
        /^\*/ { print; chains = ""; filter = /^\*filter/ }
        /^:FORWARD/ && filter { print "-P FORWARD " (policy ? policy : "ACCEPT") }
        /^:DOCKER/ { chain = substr($1, 2); print "-F " chain; chains = chains "-X " chain "\n" }
        /^-A [^D]/ && /DOCKER|docker0|br-[0-9a-f][0-9a-f]/ { sub(/^-A/, "-D"); print }
        /^COMMIT/ { printf "%s", chains; print }'
}

# Ends the engine that start_engine started, and leaves nothing of it.
stop_engine() {
    [ -n "$engine_pid" ] || return 0
    kill "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    local mount tool value path
    while read -r mount; do umount -l "$mount" 2>/dev/null || true; done \
        < <(awk -v under="$work/" 'index($5, under) == 1 || index($5, "/run/docker/") == 1 {print $5}' \
            /proc/self/mountinfo | sort -r)
    while read -r path; do
        case $path in
            */docker0) ip link delete docker0 2>/dev/null || true ;;
            /run/*) rm -rf --one-file-system "$path" ;;
            # A folder of control groups goes when it is empty of processes; its files are the kernel's.
            *) find "$path" -depth -type d -exec rmdir {} + 2>/dev/null || true ;;
        esac
    done < <(engine_paths | grep -vxF -f "$work/before/paths")
    for tool in iptables ip6tables; do
        # Where an engine was before, these are its own.
        grep -q '^:DOCKER' "$work/before/$tool" || engine_rules "$tool" | "$tool-restore" --noflush || true
    done
    while read -r value path; do echo "$value" >"/proc/sys/$path"; done <"$work/before/switches"
}

# Finds a command line that can build with BuildKit: newer ones need a plugin for it.
find_builder() {
    local candidate
    while read -r candidate; do
        builder=$candidate
        DOCKER_BUILDKIT=1 "$builder" build --help >/dev/null 2>&1 && return
    done < <(type -ap docker)
    # Debian's needs none.
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        install_package docker.io 2>/dev/null || true
        builder=/usr/bin/docker
        DOCKER_BUILDKIT=1 "$builder" build --help >/dev/null 2>&1 && return
    fi
    say "no docker here can build with BuildKit"
    return 1
}

# Finds `docker compose`, or the older `docker-compose`.
find_compose() {
    if docker compose version >/dev/null 2>&1; then
        compose=(docker compose)
    else
        need docker-compose docker-compose || return 1
        compose=(docker-compose)
    fi
    say "$("${compose[@]}" version | head -n 1)"
}
