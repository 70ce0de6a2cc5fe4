# The one door to Procession. `make` alone prints this help.
# Everything is built with cargo; nothing has to be installed by hand but a Rust toolchain.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build guests demo run bench bench-parts sandbox-cost budget growth compare soak replay neighbours test simulate fuzz power-loss damage kill ci format lint doc clean target

GUESTS := guest-processes
DIST := $(GUESTS)/dist
# `target` unless the environment says otherwise, so that a build machine can keep it between clones.
TARGET := $(or $(CARGO_TARGET_DIR),target)
GUEST_TARGET := $(TARGET)/guests
# nextest runs the tests of all packages at once; plain cargo does the same more slowly where it is not installed.
RUN_TESTS := $(if $(shell cargo nextest --version 2>/dev/null),cargo nextest run,cargo test --tests)

include sdk/languages.mk

help: ## show this help
	@echo 'Procession: a host for process definitions written in WebAssembly'
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-18s %s\n", $$1, $$2}'

build: guests ## build target/release/procession and guest-processes/dist/*.wasm
	cargo build --release --locked -p procession
	@if [ "$(TARGET)" != target ]; then mkdir -p target/release && ln -sf "$$(realpath $(TARGET))/release/procession" target/release/procession; fi

guests: target ## build the guest components only
	cd $(GUESTS) && cargo build --release --locked --target wasm32-unknown-unknown --target-dir $(abspath $(GUEST_TARGET))
	cargo run --quiet --locked -p procession-componentize -- --dir $(GUEST_TARGET)/wasm32-unknown-unknown/release --out $(DIST)

demo: build ## run the eight shipments and show their streams and outcomes
	examples/demo.sh

run: build ## start the server on 127.0.0.1:43210 with the example's definitions; stop it with ctrl-c (ARGS='--set …')
	mkdir -p definitions
	cp -u $(DIST)/{shipment-classifier,domestic,international,manifestation-and-documents,collection-booking,carrier-stub}-1.0.wasm definitions/
	target/release/procession serve --data data --definitions definitions $(ARGS)

SECONDS ?= 20
bench: build ## measure everything on an empty store and print one table (SECONDS=20 a row, PAUSES=50, JSON=file; docs/performance.md)
	BENCH_SECONDS=$(SECONDS) PAUSES=$(PAUSES) JSON=$(JSON) benches/bench.sh

FINISHED ?= 1000000
PENDING ?= 100000
EVENTS ?= 10000
soak: guests ## an endurance test: FINISHED and PENDING processes and one of EVENTS, and the memory and disk that they take
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && mkdir "$$folder/definitions" && cp $(DIST)/soak-1.0.wasm "$$folder/definitions/" \
	&& cargo run --release --quiet --locked -p procession --example soak -- "$$folder/data" "$$folder/definitions" $(FINISHED) $(PENDING) $(EVENTS)

# Without a value each measurement takes the number that it needs.
MEASURE_WITH := $(if $(SHIPMENTS),SHIPMENTS=$(SHIPMENTS))
replay: guests ## how fast recorded decisions are made again (SHIPMENTS=5000 of them are recorded first)
	$(MEASURE_WITH) cargo bench --locked -p procession-benches --bench replay

bench-parts: guests ## measure the parts: a turn, a commit group, a guest call, JSON, recovery, replay (PART=json for one)
	$(MEASURE_WITH) cargo bench --locked -p procession-benches $(if $(PART),--bench $(PART),--benches)

sandbox-cost: guests ## the example with its processes as plain Rust and as components (SHIPMENTS=10000 a round)
	$(MEASURE_WITH) cargo run --release --quiet --locked -p procession-benches --bin sandbox

budget: guests ## what a shipment costs: processor time by thread, allocations, writes, syncs (SHIPMENTS=10000, IN_FLIGHT=256)
	$(MEASURE_WITH) IN_FLIGHT=$(or $(IN_FLIGHT),256) cargo run --release --quiet --locked -p procession-benches --bin budget

growth: EVENTS = 1000000
growth: PENDING = 10000
growth: guests ## how cost grows with events, pending processes, streams, payloads and definitions (EVENTS=1000000 PENDING=10000)
	EVENTS=$(EVENTS) PENDING=$(PENDING) cargo run --release --quiet --locked -p procession-benches --bin growth

compare: build ## the same workload on Restate beside this one, in one run (SECONDS=20 a row; benches/compare/README.md)
	BENCH_SECONDS=$(SECONDS) benches/compare/restate.sh

neighbours: ## what each hostile definition costs its neighbours (TURNS=8 of SECONDS_EACH=3, HOSTILE_PER_S=20 processes of it a second, ONLY=loops)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
	&& cargo run --release --quiet --locked -p procession --example neighbours -- "$$folder/data" $(or $(SECONDS_EACH),3) $(or $(TURNS),8) $(or $(HOSTILE_PER_S),20) $(ONLY)

test: guests-all test-sdks ## run all tests
	cargo test --quiet --doc --locked --workspace
	cd $(GUESTS) && $(RUN_TESTS) --locked --target-dir $(abspath $(GUEST_TARGET))
	$(RUN_TESTS) --locked --workspace

simulate: ## play worlds that fail in every way, drawn from seeds (SEED=1 RUNS=1000, SABOTAGE=… to break a promise on purpose)
	cargo run --release --quiet --locked -p procession-simulation -- --seed $(or $(SEED),1) --runs $(or $(RUNS),1000) $(if $(SABOTAGE),--sabotage $(SABOTAGE))

fuzz: ## feed inputs by the million to all that reads from outside (CASES=100000 of the quick targets, SEED=1, TARGET_NAME=… for one)
	cargo run --release --quiet --locked -p procession-fuzz -- --seed $(or $(SEED),1) --cases $(or $(CASES),100000) $(if $(TARGET_NAME),--target $(TARGET_NAME))

# Each tells what it did; what failed can be had again with its seed.
power-loss: ## let the power fail at POINTS=500 moments of the store's life, from SEED=1 on
	PROCESSION_POWER_LOSS_POINTS=$(or $(POINTS),500) PROCESSION_POWER_LOSS_SEED=$(or $(SEED),1) \
		cargo test --locked -p procession-store-sled --lib power_loss -- --nocapture

damage: ## harm TRIALS=600 copies of a data folder, by SEED=1, and look what is served
	PROCESSION_DAMAGE_TRIALS=$(or $(TRIALS),600) PROCESSION_DAMAGE_SEED=$(or $(SEED),1) \
		cargo test --locked -p procession-store-sled --lib harm -- --nocapture

kill: guests ## kill the server ROUNDS=200 times under load, with definitions coming and going
	PROCESSION_KILL_ROUNDS=$(or $(ROUNDS),200) cargo test --locked -p procession --test kill -- --nocapture

ci: format lint doc test ## what every change must pass

format:
	cargo fmt --all --check
	cd $(GUESTS) && cargo fmt --all --check

lint: guests
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd $(GUESTS) && cargo clippy --locked --workspace --all-targets --target-dir $(abspath $(GUEST_TARGET)) -- -D warnings

doc:
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

target:
	@rustup target list --installed 2>/dev/null | grep -q wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

clean: ## remove everything that was built
	cargo clean
	rm -rf $(DIST)
