#!/usr/bin/env bash
# The conversation with the Appointment Registry step by step, with curl and jq, so that no fault of the network makes
# it register an appointment twice.
#
# It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no answer
# or half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
set -euo pipefail

: "${REGISTRY_BASE_URL:?}" "${REGISTRY_TOKEN_URL:?}" "${REGISTRY_CLIENT_ID:?}" "${REGISTRY_CLIENT_SECRET:?}"
base=${REGISTRY_BASE_URL%/}
patient=${REGISTRY_NHS_NUMBER:-9990001111}
attempts=5
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Calls curl, and leaves the answer's status in $status and its body in $work/body.
# Status 000: there was no answer, or half of one, or one that is no JSON.
answered() {
    status=$(curl --silent --max-time 10 --output "$work/body" --write-out '%{http_code}' "$@") || status=000
    if [[ $status == 2* ]] && ! jq --exit-status type "$work/body" &>"$work/type"; then status=000; fi
}

# Sends METHOD PATH [curl's options] to the registry. The token is read from a file: `ps` shows arguments to everybody.
send() {
    local method=$1 path=$2
    shift 2
    answered --request "$method" --header @"$work/authorization" --header 'Accept: application/fhir+json' "$@" "$base$path"
}

# Does nobody know whether the registry acted? (A 4xx says that it did not: that ends the walk, but for a 409.)
unknown() {
    [[ $status == 000 || $status == 5* ]] && echo "  ... $1: $status, so the outcome is unknown"
}

refused() {
    echo "$1 was refused with $status:" >&2
    cat "$work/body" >&2
    exit 1
}

gave_up() {
    echo "$1: $attempts attempts, and none was answered" >&2
    exit 1
}

# Waits before an attempt but the first, twice as long each time.
pause_before() {
    (($1 == 1)) || sleep "$(jq --null-input "0.2 * pow(2; $1 - 2)")"
}

# Asks until there is an answer: a question changes nothing, so it can simply be asked again.
ask() {
    local what=$1
    shift
    for ((attempt = 1; attempt <= attempts; attempt++)); do
        pause_before "$attempt"
        "$@"
        [[ $status == 2* ]] && return
        unknown "$what" || refused "$what"
    done
    gave_up "$what"
}

echo '1. A token, for an hour: client credentials, with the registry as scope'
request_token() {
    answered "$REGISTRY_TOKEN_URL" --data grant_type=client_credentials \
        --data-urlencode "client_id=$REGISTRY_CLIENT_ID" --data-urlencode "client_secret@$work/secret" \
        --data-urlencode "scope=$base/.default"
}
printf %s "$REGISTRY_CLIENT_SECRET" >"$work/secret"
ask token request_token
jq --raw-output '"Authorization: Bearer \(.access_token)"' "$work/body" >"$work/authorization"

echo '2. Register: the identifier points to the appointment at the provider, where it was booked'
pointer="https://provider.example.test/appointments/$(date +%s)-$$-$RANDOM"
jq --null-input --arg pointer "$pointer" --arg patient "$patient" '(now | floor) as $now | {
    resourceType: "Appointment",
    identifier: [{system: "urn:ietf:rfc:3986", value: $pointer}],
    status: "booked",
    start: ($now + 86400 | todateiso8601),
    end: ($now + 87000 | todateiso8601),
    created: ($now | todateiso8601),
    participant: [{
        actor: {identifier: {use: "official", system: "https://fhir.nhs.uk/Id/nhs-number", value: $patient}},
        status: "accepted"
    }]
}' >"$work/appointment"

search() {
    send GET /Appointment --get --data-urlencode "patient.identifier=https://fhir.nhs.uk/Id/nhs-number|$patient"
}

register() {
    local attempt try
    for ((try = 1; try <= attempts; try++)); do
        pause_before "$try"
        if ((try > 1)); then
            # The answer to the first attempt was lost, perhaps not the registration: look for it.
            ask search search
            id=$(jq --raw-output --arg pointer "$pointer" \
                '[.entry[]?.resource | select(.identifier[0].value == $pointer).id][0] // empty' "$work/body")
            [[ -z $id ]] || return 0
        fi
        send POST /Appointment --header 'Content-Type: application/fhir+json' --data-binary @"$work/appointment"
        if [[ $status == 201 ]]; then
            id=$(jq --raw-output .id "$work/body")
            return
        fi
        unknown register || refused register
    done
    gave_up register
}
register
echo "   registered $id"

echo '3. Search: all appointments of the patient that are not past, on one page'
ask search search
jq --raw-output '"   found \(.total): \([.entry[]?.resource.id] | join(", "))"' "$work/body"

echo '4. Read: its version is what a cancel must name'
read_current() { send GET "/Appointment/$id"; }
ask read read_current
jq --raw-output '"   read \(.id), \(.status), version \(.meta.versionId)"' "$work/body"

echo '5. Cancel: all that was read goes back, only the status is another, guarded by If-Match'
cancel() {
    local attempt try
    for ((try = 1; try <= attempts; try++)); do
        pause_before "$try"
        # Read before each attempt: what an attempt without an answer did, and what others did, shows here.
        ask read read_current
        [[ $(jq --raw-output .status "$work/body") == booked ]] || return 0
        jq '.status = "cancelled"' "$work/body" >"$work/cancelled"
        send PUT "/Appointment/$id" --header 'Content-Type: application/fhir+json' --data-binary @"$work/cancelled" \
            --header "If-Match: W/\"$(jq --raw-output .meta.versionId "$work/body")\""
        [[ $status != 200 ]] || return 0
        if [[ $status == 409 ]]; then
            echo '  ... somebody else was faster (409): read again'
        else
            unknown cancel || refused cancel
        fi
    done
    gave_up cancel
}
cancel
jq --raw-output '"   cancelled \(.id), \(.status), version \(.meta.versionId)"' "$work/body"
