# Sourced by scripts/docker-test: Portcullis beside MongoDB, as compose.yaml has them.
# shellcheck shell=bash

# connects IMAGE-CONTAINER-OR-NETWORK …: whether a TCP connection comes about.
connects_from_host() { timeout 2 bash -c ": </dev/tcp/$1/$2"; }
connects_from_network() { # NETWORK HOST PORT: from a new container in that network
    docker run --rm --network "$1" --entrypoint bash "$database_image" -c "timeout 2 bash -c ': </dev/tcp/$2/$3'"
}
connects_from_container() { docker exec "$1" bash -c "timeout 2 bash -c ': </dev/tcp/$2/$3'"; }

address() { inspect "$1" "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}"; } # CONTAINER NETWORK
gateway() { docker network inspect --format '{{(index .IPAM.Config 0).Gateway}}' "$1"; } # NETWORK

publishes_nothing() { [ -z "$(docker port "$1")" ]; }
host_has_no_address_in() { # SUBNET's first three numbers
    not grep -F " $1." <(ip -4 -o address show)
}
has_no_route_out() { # no default route
    not awk '$2 == "00000000" {found = 1} END {exit !found}' "/proc/$(process "$1")/net/route"
}

# started_after_health_of PORTCULLIS MONGODB: the first start was after the first good check.
started_after_health_of() {
    local healthy started
    healthy=$(docker inspect --format '{{range .State.Health.Log}}{{if eq .ExitCode 0}}{{.End.UnixNano}}{{"\n"}}{{end}}{{end}}' "$2" | head -n 1)
    started=$(date -d "$(inspect "$1" '{{.State.StartedAt}}')" +%s%N)
    echo "healthy at $healthy, started at $started"
    [ -n "$healthy" ] && [ "$started" -ge "$healthy" ]
}

# is_refused URI: whether a server with this connection string doesn't start.
is_refused() {
    local secrets=$work/wrong status=0
    rm -rf "$secrets"
    cp -r "$PORTCULLIS_SECRETS" "$secrets"
    rm -f "$secrets/mongo_uri"
    printf '%s' "$1" >"$secrets/mongo_uri"
    timeout 60 docker run --rm --network "$back" --volume "$secrets:/run/secrets:ro" \
        --env JWT_SECRET_KEY_FILE=/run/secrets/jwt_secret_key --env SECRET_KEY_FILE=/run/secrets/secret_key \
        --env MONGO_URI_FILE=/run/secrets/mongo_uri --env PORTCULLIS_PUBLIC_URL=http://localhost:8080 \
        "$project" || status=$?
    [ "$status" -ne 0 ] && [ "$status" -ne 124 ]
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
    prove "the back network reaches it (so that the next two can fail)" connects_from_network "$back" "$at" 27017
    prove "the front network doesn't" not connects_from_network "$front" "$at" 27017
    prove "the host doesn't" not connects_from_host "$at" 27017
    prove "the host has no address in the back network" host_has_no_address_in "${at%.*}"
    prove "MongoDB has no way out: no route" has_no_route_out "$mongodb"
    at=$(address "$portcullis" "$front")
    prove "the front network reaches Portcullis (so that the next can fail)" connects_from_network "$front" "$at" 8080
    prove "MongoDB reaches nothing in the front network" not connects_from_container "$mongodb" "$at" 8080
    prove "nor the host by its address there" not connects_from_container "$mongodb" "$(gateway "$front")" 22

    local uri
    uri=$(cat "$PORTCULLIS_SECRETS/mongo_uri")
    prove "with a wrong password Portcullis isn't let in" is_refused "${uri/portcullis:?/portcullis:x}"
    prove "without a password neither" is_refused "mongodb://mongodb:27017/portcullis"

    dc stop mongodb >/dev/null 2>&1
    prove "when the store is gone it becomes unhealthy" within 90 health_is "$portcullis" unhealthy
    dc start mongodb >/dev/null 2>&1
    prove "and healthy again when it is back" within 60 health_is "$portcullis" healthy
    prove "docker stop drains" drains "$portcullis"
    dc down --volumes >/dev/null 2>&1
}
