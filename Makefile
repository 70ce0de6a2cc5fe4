# The one door to Procession. `make` alone prints this help.
# Everything is built with cargo; nothing has to be installed by hand but a Rust toolchain.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build guests demo run test simulate ci format lint doc clean target

GUESTS := guest-processes
DIST := $(GUESTS)/dist
# `target` unless the environment says otherwise, so that a build machine can keep it between clones.
TARGET := $(or $(CARGO_TARGET_DIR),target)
GUEST_TARGET := $(TARGET)/guests
# nextest runs the tests of all packages at once; plain cargo does the same more slowly where it is not installed.
RUN_TESTS := $(if $(shell cargo nextest --version 2>/dev/null),cargo nextest run,cargo test --tests)

help: ## show this help
	@echo 'Procession: a host for process definitions written in WebAssembly'
	@echo
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-8s %s\n", $$1, $$2}'

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

test: guests ## run all tests
	cargo test --quiet --doc --locked --workspace
	cd $(GUESTS) && $(RUN_TESTS) --locked --target-dir $(abspath $(GUEST_TARGET))
	$(RUN_TESTS) --locked --workspace

simulate: ## play worlds that fail in every way, drawn from seeds (SEED=1 RUNS=1000, SABOTAGE=… to break a promise on purpose)
	cargo run --release --quiet --locked -p procession-simulation -- --seed $(or $(SEED),1) --runs $(or $(RUNS),1000) $(if $(SABOTAGE),--sabotage $(SABOTAGE))

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
