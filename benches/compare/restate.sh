#!/usr/bin/env bash
# Domestic shipments on Restate and on Procession, row by row in one run on one machine, and how many times faster one is.
# Restate comes from its npm packages; where npm is missing, that is said and nothing is measured. How it is done: README.md beside this.
#
#   BENCH_SECONDS=20     measured seconds of each row, after a fifth of that as warm-up (`make compare SECONDS=20`)
#   IN_FLIGHT='1 32 256' shipments under way at a time, one row of each system for each
#   PROCESSION_CACHE=DIR where the packages are kept
#   RESTATE_…            settings of the Restate server, as its documentation names them
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: the comparison with Restate needs $tool, which is not installed here" >&2; exit 0; }
done
. benches/server.sh
seconds=${BENCH_SECONDS:-20}
warm_up=$(((seconds + 4) / 5))
in_flight=${IN_FLIGHT:-1 32 256}
# What a row leaves in its temporary files goes with the folder of this run.
export TMPDIR=$folder RESTATE_LOGGING=ERROR DO_NOT_TRACK=1

# ---- Restate, from its packages ----

restate=${PROCESSION_CACHE:-$HOME/.cache/procession}/compare/restate
mkdir -p "$restate"
cp benches/compare/restate/* "$restate/"
installed=$restate/node_modules/.installed
if ! cmp -s "$restate/package-lock.json" "$installed"; then
    echo 'compare: installing the packages of Restate' >&2
    # Their scripts only report that they were installed.
    (cd "$restate" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        { echo 'SKIPPED: the packages of Restate could not be installed; the message of npm is above' >&2; exit 0; }
    cp "$restate/package-lock.json" "$installed"
fi

on_restate() { node "$restate/main.js" "$1" "$2" "$seconds" "$warm_up"; }

# ---- Procession: each row on an empty store, as there ----

on_procession() {
    rm -rf "$folder/data"
    start
    "$procession" load-test --in-flight "$1" --ids domestic --duration-s $((warm_up + seconds)) --warm-up-s "$warm_up" --json --url "$url"
    stop
}

# ---- The table ----

line() { printf '%-28s %9s %9s %8s %8s %8s %7s %8s\n' "$@"; }

# row SYSTEM COMMAND…: a report that says of errors is shown with them, since a fast failure is no speed.
row() {
    local name=$1
    shift
    echo "compare: $name, $count in flight" >&2
    "$@" >"$folder/report" || echo "compare: $name went wrong: $(field complaint "$folder/report")" >&2
    per_second=$(field completedPerSecond "$folder/report")
    line "$name" "$count" "$(rounded "$per_second" 1)" "$(rounded "$(field p50Ms "$folder/report")" 1)" \
        "$(rounded "$(field p90Ms "$folder/report")" 1)" "$(rounded "$(field p99Ms "$folder/report")" 1)" \
        "$(($(field errors "$folder/report") + $(field lost "$folder/report")))" "$(mib "$(field memoryBytesMax "$folder/report")")" >>"$folder/rows"
}

times() { awk -v ours="$1" -v theirs="$2" 'BEGIN {if (theirs > 0) printf "%.1f", ours / theirs; else printf "-"}'; }

for count in $in_flight; do
    row Procession on_procession "$count"
    ours=$per_second
    row 'Restate, choreography' on_restate choreography "$count"
    choreography=$per_second
    row 'Restate, orchestration' on_restate orchestration "$count"
    printf 'with %s in flight, Procession completes %s times the shipments of the choreography, and %s times those of the orchestration\n' \
        "$count" "$(times "$ours" "$choreography")" "$(times "$ours" "$per_second")" >>"$folder/ratios"
done

machine
version_of() { sed -n 's/^ *"version": "\(.*\)",$/\1/p' "$restate/node_modules/@restatedev/$1/package.json"; }
echo "against   restate-server $(version_of restate-server), restate-sdk $(version_of restate-sdk), node $(node --version)"
echo "settings  domestic shipments, closed loop, no delay of carriers, each row on an empty store; $seconds s after $warm_up s of warm-up;"
echo "          Restate with ${RESTATE_DEFAULT_NUM_PARTITIONS:-2} partitions; servers, handlers and load share the machine"
echo
line '' 'in flight' 'per s' 'p50 ms' 'p90 ms' 'p99 ms' errors 'mem. MiB'
cat "$folder/rows"
echo
cat "$folder/ratios"
