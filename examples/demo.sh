#!/usr/bin/env bash
# The shipment example from beginning to end: a server of its own on a free port, the definitions dropped in,
# eight shipments, their streams and outcomes. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
procession=${PROCESSION:-target/release/procession}
folder=$(mktemp -d)
mkdir "$folder/definitions"
cp guest-processes/dist/{shipment-classifier,domestic,international,manifestation-and-documents,collection-booking,carrier-stub}-1.0.wasm "$folder/definitions/"

"$procession" serve --data "$folder/data" --definitions "$folder/definitions" --listen 127.0.0.1:0 --log warn >"$folder/out" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
until url=$(grep -oE 'http://[0-9.:]+' "$folder/out"); do
    kill -0 "$server" || { echo 'demo: the server did not start' >&2; exit 1; }
    sleep 0.1
done

echo "Procession serves on $url; its definitions:"
"$procession" definitions list --url "$url"

shipments=(12EEQ9CS9K10 12EEQ9CS9K11 12EEQ9CS9K12 12EEQ9CS9K13 V74YCBYHC8A0 V74YCBYHC8A1 V74YCBYHC8A2 V74YCBYHC8A3)
waits=()
for id in "${shipments[@]}"; do
    "$procession" process start "$id" --wait 30 --url "$url" >/dev/null &
    waits+=($!)
done
wait "${waits[@]}"
# A collection that failed is booked again two seconds later for the ids that end with 3.
for id in 12EEQ9CS9K13 V74YCBYHC8A3; do
    for _ in $(seq 60); do
        "$procession" process show "$id" --json --url "$url" | grep -q '^  "phase": "completed"' && break
        sleep 0.1
    done
done
for id in "${shipments[@]}"; do
    echo
    echo "=== $id"
    for suffix in Process Shipment Collection; do
        "$procession" stream read "$id-$suffix" --url "$url" 2>/dev/null || true
    done
    "$procession" process show "$id" --url "$url"
done
echo
echo "=== all eight, and the definitions that decided them"
"$procession" process list --url "$url"
"$procession" definitions list --url "$url"
