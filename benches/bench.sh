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
procession=${PROCESSION:-target/release/procession}
dist=guest-processes/dist
# Not SECONDS: in that one bash counts its own.
seconds=${BENCH_SECONDS:-20}
warm_up=$(((seconds + 4) / 5))
pauses=${PAUSES:-}
read_connections=32

folder=$(mktemp -d)
server=
cleanup() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
mkdir "$folder/definitions"
cp "$dist"/{shipment-classifier,domestic,international,manifestation-and-documents,collection-booking,carrier-stub}-1.0.wasm "$folder/definitions/"
: >"$folder/rows" && : >"$folder/json"

# ---- The server ----

now_ms() { date +%s%3N; }

# It says where it listens once it answers, so this line is the end of the start.
start() {
    rm -f "$folder/said" && mkfifo "$folder/said"
    local begun line
    begun=$(now_ms)
    "$procession" serve --data "$folder/data" --definitions "$folder/definitions" --listen 127.0.0.1:0 --log warn \
        --set carrier-stub.delayMs=0 >"$folder/said" &
    server=$!
    read -r line <"$folder/said" || { echo 'bench: the server did not start' >&2; exit 1; }
    ready_ms=$(($(now_ms) - begun))
    url=$(grep -oE 'http://[0-9.:]+' <<<"$line")
}

stop() {
    kill "$server" && wait "$server" || true
    server=
}

metric() { curl -s "$url/metrics" | sed -n "s/^$1 //p"; }

# The store writes on for a moment after the last answer: its folder has settled when it has kept its size for three seconds.
settled_bytes() {
    local bytes before=none same=0
    for _ in $(seq 30); do
        bytes=$(metric procession_data_bytes)
        if [ "$bytes" = "$before" ]; then same=$((same + 1)); else same=0; fi
        [ "$same" -ge 3 ] && break
        before=$bytes
        sleep 1
    done
    echo "$bytes"
}

# ---- The rows ----

field() { sed -n "s/^ *\"$1\": \([^,]*\),\{0,1\}$/\1/p" "$2"; }
rounded() { if [ "$1" = null ] || [ -z "$1" ]; then echo -; else printf "%.$2f" "$1"; fi; }
mib() { if [ "$1" = null ] || [ -z "$1" ]; then echo -; else echo $(($1 / 1048576)); fi; }
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

# ---- The machine ----

# What a promise costs here: every answer waits for such a write, which may be shared by many.
synced_write_ms() {
    local begun count=200
    begun=$(now_ms)
    dd if=/dev/zero of="$folder/synced" bs=4k count=$count oflag=dsync status=none
    awk -v ms=$(($(now_ms) - begun)) -v count=$count 'BEGIN {printf "%.2f", ms / count}'
    rm -f "$folder/synced"
}

machine() {
    local model
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
    cat <<MACHINE
date      $(date -u +'%Y-%m-%d %H:%M UTC')
commit    $(git describe --always --dirty 2>/dev/null || echo unknown)
versions  $("$procession" --version), $(rustc --version 2>/dev/null || echo 'rustc unknown')
machine   $(nproc) cores${model:+ ($model)}, $(awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo) MiB, $(uname -srm)
disk      $(df --output=fstype "$folder" | tail -1), a synced write of 4 KiB takes $(synced_write_ms) ms
settings  carrier-stub.delayMs=0, everything else as it is where nothing is said; $seconds s a row after $warm_up s of warm-up;
          server and load share the machine
MACHINE
}

# ---- The table ----

machine >"$folder/machine"
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
