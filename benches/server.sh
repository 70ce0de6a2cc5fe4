# A server of its own for a measurement, on an empty store in a temporary folder that goes with it; read by bash with `.`.
# It wants `set -euo pipefail` and the project's folder; `folder`, `url` and `ready_ms` are what it gives.

procession=${PROCESSION:-target/release/procession}
dist=guest-processes/dist

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

now_ms() { date +%s%3N; }

# It says where it listens once it answers, so this line is the end of the start.
start() {
    rm -f "$folder/said" && mkfifo "$folder/said"
    local begun line
    begun=$(now_ms)
    "$procession" serve --data "$folder/data" --definitions "$folder/definitions" --listen 127.0.0.1:0 --log warn \
        --set carrier-stub.delayMs=0 >"$folder/said" &
    server=$!
    read -r line <"$folder/said" || { echo 'the server did not start' >&2; exit 1; }
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

# ---- Reports: one field of a JSON file with one field a line, and how it is shown ----

field() { sed -n "s/^ *\"$1\": \([^,]*\),\{0,1\}$/\1/p" "$2"; }
rounded() { if [ "$1" = null ] || [ -z "$1" ]; then echo -; else printf "%.$2f" "$1"; fi; }
mib() { if [ "$1" = null ] || [ -z "$1" ]; then echo -; else echo $(($1 / 1048576)); fi; }

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
MACHINE
}
