#!/usr/bin/env bash
# The conversation with the Appointment Registry step by step, with curl and jq, so that no fault of the network makes
# it register an appointment twice. REGISTRY_VERB chooses one step: register, search, read or cancel.
#
# It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no answer
# or half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
set -euo pipefail

: "${REGISTRY_BASE_URL:?}" "${REGISTRY_TOKEN_URL:?}" "${REGISTRY_CLIENT_ID:?}" "${REGISTRY_CLIENT_SECRET:?}"
base=${REGISTRY_BASE_URL%/}
attempts=5
longest_pause=5  # seconds
patience=60      # a Retry-After that asks for more seconds than this is somebody else's decision
fhir=application/fhir+json
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Calls curl. Leaves the answer's status in $status, its body in $work/body, the seconds of Retry-After in $retry_after.
# Status 000: there was no answer, or half of one, or one that is no JSON. (jq reads bytes that are no UTF-8 as U+FFFD, in
# the middle of a value perhaps: such an answer is broken.)
answered() {
    status=$(curl --silent --max-time 10 --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' \
        "$@") || status=000
    if [[ $status == 2* ]] && ! { iconv -f UTF-8 "$work/body" | jq --exit-status type; } &>"$work/type"; then
        status=000
    fi
    retry_after=0
    [[ $status == 000 ]] || retry_after=$(sed -n 's/^retry-after: *\([0-9]\{1,\}\).*/\1/Ip' "$work/head")
}

# Attempts until there is an answer: persist WHAT FUNCTION [ARGUMENTS]. The function is told the number of the attempt. It
# returns 1 if it may be called again. Pauses grow, vary and are bounded, and are never below Retry-After. They vary so
# that clients which failed together do not come back together.
persist() {
    local what=$1 number
    shift
    for ((number = 1; number <= attempts; number++)); do
        if "$@" "$number"; then return; fi
        echo "  ... $what: $status, so it may be tried again"
        if ((number == attempts || ${retry_after:-0} > patience)); then break; fi
        sleep "$(jq --null-input "[0.2 * pow(2; $number - 1), $longest_pause] | min * (1 + $RANDOM / 65536)
            | [., ${retry_after:-0}] | max")"
    done
    echo "failed: $what: given up after $number attempts; the last answer: $status" >&2
    exit 1
}

# Is it a success? A 5xx, a 429 and no answer may be tried again; any other 4xx ends the script.
succeeded() {
    case $status in
        2*) return 0 ;;
        000 | 5* | 429) return 1 ;;
    esac
    echo "failed: the registry refused to $1 with $status" \
        "$(jq --raw-output '[.issue[]?.diagnostics, .error_description] | map(values) | join(" ")' "$work/body")" >&2
    exit 1
}

new_request_id() {
    echo "$(date +%s)-$$-$RANDOM$RANDOM"
}

# A token, for an hour: client credentials, with the registry as scope. The secret and the token are read from files:
# `ps` shows arguments to everybody.
request_token() {
    answered "$REGISTRY_TOKEN_URL" --data grant_type=client_credentials \
        --data-urlencode "client_id=$REGISTRY_CLIENT_ID" --data-urlencode "client_secret@$work/secret" \
        --data-urlencode "scope=$base/.default"
    succeeded 'give a token'
}
renew_token() {
    printf %s "$REGISTRY_CLIENT_SECRET" >"$work/secret"
    persist token request_token
    jq --raw-output '"Authorization: Bearer \(.access_token)"' "$work/body" >"$work/authorization"
}

# Sends METHOD PATH REQUEST_ID [curl's options] to the registry. After a 403 it sends once more, with a new token: the
# old one may have ended before its time.
send() {
    local method=$1 path=$2 request_id=$3
    shift 3
    local call=(--request "$method" --header @"$work/authorization" --header "Accept: $fhir"
        --header "X-Request-Id: $request_id" "$@" "$base$path")
    [[ -e $work/authorization ]] || renew_token
    answered "${call[@]}"
    if [[ $status == 403 ]]; then
        renew_token
        answered "${call[@]}"
    fi
}

# Search: all appointments of a patient that are not past, on one page.
ask_for_patient() {
    send GET /Appointment "$2" --get --data-urlencode "patient.identifier=https://fhir.nhs.uk/Id/nhs-number|$1"
    succeeded search
}
search() {
    persist search ask_for_patient "$1" "$(new_request_id)"
}

# Read: the version is what a cancel must name.
ask_for_current() {
    send GET "/Appointment/$1" "$2"
    succeeded read
}
read_current() {
    persist read ask_for_current "$1" "$(new_request_id)"
}

# Register: the identifier points to the appointment at the provider, where it was booked. An appointment of tomorrow.
try_to_register() {
    local patient=$1 pointer=$2 request_id=$3 number=$4
    if ((number > 1)); then
        # The answer to an earlier attempt was lost, perhaps not the registration: look for it.
        search "$patient"
        jq --arg pointer "$pointer" \
            '[.entry[]?.resource | select(.identifier[0].value == $pointer)][0]' "$work/body" >"$work/known"
        if [[ $(jq type "$work/known") == '"object"' ]]; then
            mv "$work/known" "$work/body"
            return
        fi
    fi
    send POST /Appointment "$request_id" --header "Content-Type: $fhir" --data-binary @"$work/appointment"
    succeeded register
}
register() {
    local patient=$1 pointer=$2
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
    persist register try_to_register "$patient" "$pointer" "$(new_request_id)"
}

# Cancel what $work/body has, as it was read: all of it goes back, only the status is another, guarded by If-Match.
try_to_cancel() {
    local id=$1 number=$2 version
    # What an attempt without an answer did, and what others did, shows when it is read again.
    ((number == 1)) || read_current "$id"
    [[ $(jq --raw-output .status "$work/body") != cancelled ]] || return 0
    version=$(jq --raw-output .meta.versionId "$work/body")
    # The same version is sent again in the same request; another version makes another request.
    [[ -e $work/request-id-$version ]] || new_request_id >"$work/request-id-$version"
    jq '.status = "cancelled"' "$work/body" >"$work/cancelled"
    send PUT "/Appointment/$id" "$(<"$work/request-id-$version")" --header "Content-Type: $fhir" \
        --header "If-Match: W/\"$version\"" --data-binary @"$work/cancelled"
    # 409: somebody else was faster, and it has to be read again.
    [[ $status != 409 ]] && succeeded cancel
}
cancel() {
    persist cancel try_to_cancel "$(jq --raw-output .id "$work/body")"
}

show() {
    jq --raw-output --arg did "$1" '"\($did) \(.id), \(.status), version \(.meta.versionId)"' "$work/body"
}
show_found() {
    jq --raw-output '"found \(.total): \([.entry[]?.resource.id] | join(", "))"' "$work/body"
}

case ${REGISTRY_VERB:-} in
    register)
        register "${REGISTRY_PATIENT:?}" "${REGISTRY_POINTER:?}"
        show registered
        ;;
    search)
        search "${REGISTRY_PATIENT:?}"
        show_found
        ;;
    read)
        read_current "${REGISTRY_APPOINTMENT:?}"
        show read
        ;;
    cancel)
        read_current "${REGISTRY_APPOINTMENT:?}"
        cancel
        show cancelled
        ;;
    '')
        patient=${REGISTRY_PATIENT:-9990001111}
        register "$patient" "https://provider.example.test/appointments/$(new_request_id)"
        show registered
        id=$(jq --raw-output .id "$work/body")
        search "$patient"
        show_found
        read_current "$id"
        show read
        cancel
        show cancelled
        ;;
    *)
        echo "failed: REGISTRY_VERB is $REGISTRY_VERB; expected register, search, read or cancel" >&2
        exit 1
        ;;
esac
