# Sourced by scripts/docker-test: Portcullis beside MongoDB, as compose.yaml has them.
# shellcheck shell=bash

# Whether the database answers at $0, by its own `ping`, which needs no password. That a connection comes
# about says nothing: in some networks a gateway accepts all of them.
readonly ask_database='
    exec 3<>"/dev/tcp/$0/27017" || exit
    printf "\x33\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0" >&3
    printf "\x1e\0\0\0\x10ping\0\x01\0\0\0\x02\$db\0\x06\0\0\0admin\0\0" >&3
    head -c 29 <&3 | grep -qa ok'
database_answers_host() { timeout 3 bash -c "$ask_database" "$1"; }
database_answers_network() { # NETWORK ADDRESS: to a new container in that network
    docker run --rm --network "$1" --entrypoint timeout "$database_image" 3 bash -c "$ask_database" "$2"
}
connects_from_network() { # NETWORK HOST PORT
    docker run --rm --network "$1" --entrypoint timeout "$database_image" 3 bash -c ": </dev/tcp/$2/$3"
}
has_no_way_to() { # CONTAINER ADDRESS PORT: nothing comes back, not even a refusal
    local answer
    answer=$(docker exec "$1" timeout 2 bash -c ": </dev/tcp/$2/$3" 2>&1) && return 1
    not grep 'refused' <<<"$answer"
}

address() { inspect "$1" "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}"; } # CONTAINER NETWORK
gateway() { docker network inspect --format '{{(index .IPAM.Config 0).Gateway}}' "$1"; } # NETWORK

publishes_nothing() { [ -z "$(docker port "$1")" ]; }
host_has_no_address_in() { # SUBNET's first three numbers
    not grep -F " $1." <(ip -4 -o address show)
}
# has_no_gateway CONTAINER ADDRESS: on the way to an address elsewhere there is nobody who would pass it on.
# Older engines give a route to a gateway in each network, newer ones none in an internal one.
has_no_gateway() {
    local gateway process
    process=$(process "$1")
    gateway=$(awk '$2 == "00000000" {print $3}' "/proc/$process/net/route")
    [ -n "$gateway" ] || return 0
    gateway=$(printf '%d.%d.%d.%d' "0x${gateway:6:2}" "0x${gateway:4:2}" "0x${gateway:2:2}" "0x${gateway:0:2}")
    has_no_way_to "$1" "$2" 80
    grep -F "$gateway " "/proc/$process/net/arp" | tee /dev/stderr | grep -q ' 00:00:00:00:00:00 '
}

# run_alone OPTION … IMAGE: Portcullis without compose; for a minute at most, unless it is detached.
run_alone() {
    local secrets=$work/open
    # The folder is mounted, which compose doesn't do; $work keeps others out.
    mkdir -p -m 0755 "$secrets"
    cp "$PORTCULLIS_SECRETS"/{jwt_secret_key,secret_key} "$secrets"
    timeout 60 docker run --rm --volume "$secrets:/run/secrets:ro" \
        --env JWT_SECRET_KEY_FILE=/run/secrets/jwt_secret_key --env SECRET_KEY_FILE=/run/secrets/secret_key "$@"
}

# serve_on_host ADDRESS: a server that listens there, outside all networks of containers.
serve_on_host() {
    run_alone --detach --name "$project-host" --network host --env "PORTCULLIS_LISTEN=$1:8080" "$project" \
        && within 30 health_is "$project-host" healthy
}

# started_after_health_of PORTCULLIS MONGODB: the first start was after the first good check.
started_after_health_of() {
    local healthy started
    healthy=$(docker inspect --format '{{range .State.Health.Log}}{{if eq .ExitCode 0}}{{.End.UnixNano}}{{"\n"}}{{end}}{{end}}' "$2" | head -n 1)
    started=$(date -d "$(inspect "$1" '{{.State.StartedAt}}')" +%s%N)
    echo "healthy at $healthy, started at $started"
    [ -n "$healthy" ] && [ "$started" -ge "$healthy" ]
}

# is_refused URI REASON: whether a server with this connection string doesn't start, and says why.
is_refused() {
    local status=0
    run_alone --network "$back" --env "MONGO_URI=$1" "$project" 2>&1 | tee "$work/refusal" || status=$?
    [ "$status" -eq 1 ] && grep -q "MONGO_URI: .*$2" "$work/refusal"
}

prove_mongo() {
    file=compose.yaml
    local front=${project}_front back=${project}_back portcullis mongodb
    prove "compose.yaml starts" dc up --detach --no-build
    portcullis=$(container portcullis)
    mongodb=$(container mongodb)
    prove "Portcullis was started when MongoDB was healthy" started_after_health_of "$portcullis" "$mongodb"
    contained "$mongodb" 999 1073741824 1024 / /etc /usr/bin /run/secrets
    prove_service /var/lib/portcullis
    portcullis=$(container portcullis)
    mongodb=$(container mongodb)

    local at
    at=$(address "$mongodb" "$back")
    prove "MongoDB publishes no port" publishes_nothing "$mongodb"
    prove "it is in the back network only" \
        is "$mongodb" '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}' "$back "
    prove "the back network reaches it (so that the next two can fail)" database_answers_network "$back" "$at"
    prove "the front network doesn't" not database_answers_network "$front" "$at"
    prove "the host doesn't" not database_answers_host "$at"
    prove "the host has no address in the back network" host_has_no_address_in "${at%.*}"
    at=$(address "$portcullis" "$front")
    prove "the front network reaches Portcullis (so that the next can fail)" connects_from_network "$front" "$at" 8080
    prove "MongoDB doesn't" has_no_way_to "$mongodb" "$at" 8080
    prove "MongoDB has no way out: there is no gateway" has_no_gateway "$mongodb" "$at"
    at=$(gateway "$front")
    prove "a server listens on the host" serve_on_host "$at"
    prove "the front network reaches it (so that the next can fail)" connects_from_network "$front" "$at" 8080
    prove "MongoDB doesn't" has_no_way_to "$mongodb" "$at" 8080
    docker stop --time 1 "$project-host" >/dev/null

    local uri
    uri=$(cat "$PORTCULLIS_SECRETS/mongo_uri")
    prove "with a wrong password Portcullis isn't let in" is_refused "${uri/portcullis:?/portcullis:x}" credentials
    prove "without a password neither" is_refused "mongodb://mongodb:27017/portcullis" Unauthorized
    prove "into another database neither" is_refused "${uri/27017\/portcullis/27017\/other}" Unauthorized

    dc stop mongodb >/dev/null 2>&1
    prove "when the store is gone it becomes unhealthy" within 90 health_is "$portcullis" unhealthy
    dc start mongodb >/dev/null 2>&1
    prove "and healthy again when it is back" within 60 health_is "$portcullis" healthy
    prove "docker stop drains" drains "$portcullis"
    dc down --volumes >/dev/null 2>&1
}
