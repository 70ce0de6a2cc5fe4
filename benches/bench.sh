#!/usr/bin/env bash
# How fast, how large: a server of its own on an empty store, loaded in every way, and one table of what came out.
# It judges nothing, since a timing is no test, and leaves nothing behind. How to read it: docs/performance.md.
#
#   BENCH_SECONDS=20  measured seconds of each row, after a fifth of that as warm-up (`make bench SECONDS=20`)
#   PAUSES=50         plays the load test of the example also with pauses of 50 ms between triggers, which takes a minute
#   JSON=FILE         writes all figures as JSON too
#   TMPDIR=DIR        puts the store on the disk of this folder
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/server.sh
# Not SECONDS: in that one bash counts its own.
seconds=${BENCH_SECONDS:-20}
warm_up=$(((seconds + 4) / 5))
pauses=${PAUSES:-}
read_connections=32

: >"$folder/rows" && : >"$folder/json"

# ---- The rows ----

line() { printf '%-44s %9s %8s %8s %8s %8s %7s %8s %11s\n' "$@"; }

shipments=0
# row NAME LOAD-TEST-FLAGS…: its exit code says that shipments went wrong; here the table says it.
row() {
    local name=$1 report=$folder/report
    shift
    echo "bench: $name" >&2
    "$procession" load-test "$@" --json --url "$url" >"$report" || true
    take_row "$name" "$report"
}

take_row() {
    local name=$1 report=$2 wrong
    if ! [ -s "$report" ]; then
        line "$name" failed - - - - - - - >>"$folder/rows"
        return
    fi
    wrong=$(($(field errors "$report") + $(field lost "$report")))
    if [ "$(field diskBytesPerShipment "$report")" != null ]; then
        shipments=$((shipments + $(field completed "$report") + $(field failed "$report")))
    fi
    line "$name" "$(rounded "$(field completedPerSecond "$report")" 1)" "$(rounded "$(field p50Ms "$report")" 1)" \
        "$(rounded "$(field p90Ms "$report")" 1)" "$(rounded "$(field p99Ms "$report")" 1)" "$(rounded "$(field p999Ms "$report")" 1)" \
        "$wrong" "$(mib "$(field memoryBytesMax "$report")")" "$(rounded "$(field diskBytesPerShipment "$report")" 0)" >>"$folder/rows"
    { [ -s "$folder/json" ] && echo ,; printf '{"row": "%s", "report": ' "$name"; cat "$report"; echo '}'; } >>"$folder/json"
}

# A new version under full load: the command returns when new shipments begin on it.
deploy_under_load() {
    local name="domestic, 32 in flight, with a hot deploy" begun load lasts_s=$((seconds < 10 ? 10 : seconds))
    echo "bench: $name" >&2
    # Not shorter than the deploy, or the end of that would be without load.
    "$procession" load-test --in-flight 32 --ids domestic --duration-s $((warm_up + lasts_s)) --warm-up-s "$warm_up" --json --url "$url" \
        >"$folder/report" &
    load=$!
    sleep "$warm_up"
    begun=$(now_ms)
    "$procession" definitions deploy "$dist/domestic-1.1.wasm" --url "$url" >/dev/null || echo 'bench: the deploy failed' >&2
    deploy_ms=$(($(now_ms) - begun))
    wait "$load" || true
    take_row "$name" "$folder/report"
}

# ---- The table ----

{
    machine
    echo "settings  carrier-stub.delayMs=0, everything else as it is where nothing is said; $seconds s a row after $warm_up s of warm-up;"
    echo '          server and load share the machine'
} >"$folder/machine"
start
first_ready_ms=$ready_ms
begun_bytes=$(settled_bytes)
lasts=(--duration-s $((warm_up + seconds)) --warm-up-s "$warm_up")
for count in 1 32 256; do
    row "domestic, $count in flight" --in-flight "$count" --ids domestic "${lasts[@]}"
done
row 'domestic, 50 per second (open loop)' --rate 50 --ids domestic "${lasts[@]}"
row '10 workers x 1,000 mixed, no pauses' --workers 10 --shipments 1000 --delay-ms 0
if [ -n "$pauses" ]; then
    row "10 workers x 1,000 mixed, pauses of $pauses ms" --workers 10 --shipments 1000 --delay-ms "$pauses"
fi
row "reads of finished ones, $read_connections connections" --read --in-flight "$read_connections" "${lasts[@]}"
deploy_under_load
ended_bytes=$(settled_bytes)
memory_bytes=$(metric process_resident_memory_bytes)
stop
start
again_memory_bytes=$(metric process_resident_memory_bytes)
stop
each_bytes=$(((ended_bytes - begun_bytes) / (shipments > 0 ? shipments : 1)))

cat "$folder/machine"
echo
line '' 'per s' 'p50 ms' 'p90 ms' 'p99 ms' 'p99.9 ms' errors 'mem. MiB' 'disk B each'
cat "$folder/rows"
echo
other() { printf '%-55s %s\n' "$@"; }
other 'ready on an empty store, with 6 definitions to compile' "$first_ready_ms ms"
other 'hot deploy of a Rust guest under load, until active' "$deploy_ms ms"
other "ready again after $shipments shipments" "$ready_ms ms"
other 'memory at the end, and after the restart' "$(mib "$memory_bytes") MiB, $(mib "$again_memory_bytes") MiB"
other 'disk per shipment, settled' "$each_bytes bytes ($(mib "$ended_bytes") MiB in all)"
if [ -n "${JSON:-}" ]; then
    # Lines of the machine become one text.
    {
        echo '{"machine": "'"$(sed 's/["\\]//g; s/$/\\n/' "$folder/machine" | tr -d '\n')"'",'
        echo "\"seconds\": $seconds, \"warmUpSeconds\": $warm_up, \"firstReadyMs\": $first_ready_ms, \"deployMs\": $deploy_ms, \"readyAgainMs\": $ready_ms,"
        echo "\"shipments\": $shipments, \"memoryBytes\": ${memory_bytes:-null}, \"memoryBytesAfterRestart\": ${again_memory_bytes:-null},"
        echo "\"diskBytes\": ${ended_bytes:-null}, \"diskBytesPerShipment\": $each_bytes, \"rows\": ["
        cat "$folder/json"
        echo ']}'
    } >"$JSON"
fi
