# Sourced by scripts/docker-test: how something is proven, and what holds for every container.
# shellcheck shell=bash

say() { echo "${0##*/}: $*" >&2; }

# prove SENTENCE COMMAND …: one line, and the end of everything if COMMAND fails.
prove() {
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        printf 'ok      %s\n' "$sentence"
    else
        printf 'FAILED  %s\n        by: %s\n' "$sentence" "$*"
        tail -n 20 "$work/output" | sed 's/^/        /'
        exit 1
    fi
}

# not COMMAND …: whether it fails.
not() { ! "$@"; }

# within SECONDS COMMAND …: whether it succeeds in that time.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

inspect() { docker inspect --format "$2" "$1"; }          # inspect CONTAINER TEMPLATE
is() { [ "$(inspect "$1" "$2")" = "$3" ]; }               # is CONTAINER TEMPLATE VALUE
logged() { docker logs "$1" 2>&1 | grep -q -- "$2"; }     # logged CONTAINER TEXT
health_is() { is "$1" '{{.State.Health.Status}}' "$2"; }  # health_is CONTAINER STATUS
process() { inspect "$1" '{{.State.Pid}}'; }              # process CONTAINER: its first one, as the host counts

# status_line CONTAINER NAME: a line of its first process's status, by the kernel.
status_line() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(process "$1")/status"; }

runs_as() { [ "$(status_line "$1" Uid | tr '\t' ' ')" = "$2 $2 $2 $2" ]; }
has_no_capability() {
    local set
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do
        [ "$(status_line "$1" "$set")" = 0000000000000000 ] || { echo "$set: $(status_line "$1" "$set")"; return 1; }
    done
}
gains_no_privileges() { [ "$(status_line "$1" NoNewPrivs)" = 1 ]; }
is_filtered() { [ "$(status_line "$1" Seccomp)" = 2 ]; }

# writes_nowhere CONTAINER FOLDER …: the kernel refuses root itself to write there, in the container's own mounts.
writes_nowhere() {
    local root folder answer
    root=/proc/$(process "$1")/root
    shift
    for folder in "$@"; do
        [ -d "$root$folder" ] || { echo "there is no $folder"; return 1; }
        answer=$(touch "$root$folder/written" 2>&1) && { rm -f "$root$folder/written"; echo "$folder"; return 1; }
        grep -q 'Read-only file system' <<<"$answer" || { echo "$answer"; return 1; }
    done
}

# limit CONTAINER CONTROLLER OLD NEW: a limit as the kernel has it, by the names of both versions of cgroups.
limit() {
    local groups path
    groups=/proc/$(process "$1")/cgroup
    if path=$(sed -n "s/^[0-9]*:\([^:]*,\)\{0,1\}$2\(,[^:]*\)\{0,1\}:\(.*\)/\3/p" "$groups") && [ -n "$path" ]; then
        cat "/sys/fs/cgroup/$2$path/$3"
    else
        cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "$groups")/$4"
    fi
}
is_limited() { # is_limited CONTAINER BYTES PROCESSES
    [ "$(limit "$1" memory memory.limit_in_bytes memory.max)" = "$2" ] \
        && [ "$(limit "$1" pids pids.max pids.max)" = "$3" ]
}

# contained CONTAINER USER BYTES PROCESSES FOLDER …: all of the above; FOLDERs must not be writable.
contained() {
    local container=$1 name
    name=$(inspect "$1" '{{index .Config.Labels "com.docker.compose.service"}}')
    prove "$name: runs as user $2, not as root" runs_as "$container" "$2"
    prove "$name: no capability is left" has_no_capability "$container"
    prove "$name: can't gain privileges" gains_no_privileges "$container"
    prove "$name: system calls are filtered" is_filtered "$container"
    prove "$name: at most $3 bytes of memory and $4 processes" is_limited "$container" "$3" "$4"
    shift 4
    prove "$name: not even root can write to $*" writes_nowhere "$container" "$@"
}

# hidden SECRETS CONTAINER: no secret in what the engine tells of the container or its image, in the
# image itself, in the environment of the process, or in what it logs.
hidden() {
    local container=$2 image secret
    image=$(inspect "$container" '{{.Image}}')
    {
        docker inspect "$container"
        docker image inspect "$image"
        docker history --no-trunc "$image"
        docker save "$image"
        cat "/proc/$(process "$container")/environ"
        docker logs "$container" 2>&1
    } >"$work/told"
    # That this finds what is there.
    grep -qa 'JWT_SECRET_KEY_FILE=/run/secrets' "$work/told" || { echo "nothing was looked at"; return 1; }
    for secret in "$1"/*; do
        if grep -qaF -- "$(cat "$secret")" "$work/told"; then echo "$secret"; return 1; fi
    done
}

# reads_secrets_that_no_other_user_can SECRETS: the folder keeps others on this machine out.
is_private() { [ "$(stat -c %a "$1")" = 700 ]; }

# A client of the API.
api() { # api METHOD PATH [TOKEN [BODY]]: prints the body, then the status on a line of its own
    curl -sS --max-time 20 -X "$1" -w '\n%{http_code}\n' -H 'content-type: application/json' \
        ${3:+-H "authorization: Bearer $3"} ${4:+-d "$4"} "http://127.0.0.1:$port$2"
}
answers() { # answers STATUS METHOD PATH …
    local status=$1 answer
    shift
    answer=$(api "$@") || return 1
    echo "$answer"
    [ "$(tail -n 1 <<<"$answer")" = "$status" ]
}
token_of() { sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'; }

readonly account='{"username":"alice","email":"alice@example.org","password":"correct horse battery staple"}'
readonly credentials='{"username":"alice","password":"correct horse battery staple"}'
sign_in() { api POST /api/v1/login '' "$credentials" | token_of; }

# survives_a_kill CONTAINER: the engine starts it anew.
survives_a_kill() {
    local before
    before=$(process "$1")
    kill -KILL "$before"
    within 30 has_other_process "$1" "$before" && within 30 health_is "$1" healthy
}
has_other_process() { [ "$(process "$1")" != "$2" ] && [ "$(process "$1")" != 0 ]; }

# drains CONTAINER: a request that is in flight at `docker stop` is answered, no other is taken, exit 0.
drains() {
    local container=$1 stopping answer
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n' ${#credentials} >&5
    # The server asks for the body: the request is with its handler.
    read -r -t 10 answer <&5
    grep -q '^HTTP/1.1 100' <<<"$answer" || { echo "no request in flight: $answer"; return 1; }
    docker stop --time 20 "$container" >/dev/null &
    stopping=$!
    within 5 logged "$container" '"shutting down: requests in flight' || { echo "it doesn't stop"; return 1; }
    within 2 not curl -s --max-time 1 "http://127.0.0.1:$port/livez" || { echo "it takes new requests"; return 1; }
    kill -0 "$stopping" 2>/dev/null || { echo "it didn't wait"; return 1; }
    printf '%s' "$credentials" >&5
    answer=$(timeout 15 cat <&5)
    exec 5>&-
    wait "$stopping"
    grep -q '^HTTP/1.1 200' <<<"$answer" && grep -q access_token <<<"$answer" || { echo "answer: $answer"; return 1; }
    logged "$container" '"stopped"' && is "$container" '{{.State.ExitCode}}' 0
}
