# The languages beside Rust: their tools, the order in each, and their tests. Part of the Makefile.
# Their tools come into a folder of the build, as `tools.mk` says.

.PHONY: guests-javascript guests-python guests-c guests-go guests-all test-languages bindings-c

LANGUAGES := $(abspath $(TARGET))/languages
TOOLS := $(LANGUAGES)
include sdk/tools.mk

WIT_BINDGEN := 0.63.0
ORDER := $(GUESTS)/order
# What a component is made of besides its own files: a new tool or SDK makes a new component.
CONTRACT := wit/process.wit sdk/languages.mk sdk/tools.mk
COMPONENTIZE = cargo run --quiet --locked -p procession-componentize --
COMPONENTIZER := $(wildcard sdk/componentize/src/*)

guests-javascript: $(LANGUAGES)/dist/order-javascript-1.0.wasm ## build the order in JavaScript (needs node)
guests-python: $(LANGUAGES)/dist/order-python-1.0.wasm ## build the order in Python (needs python3)
guests-c: $(LANGUAGES)/dist/order-c-1.0.wasm ## build the order in C (needs python3, for its compiler)
guests-go: $(LANGUAGES)/dist/order-go-1.0.wasm ## build the order in Go (needs python3, for its compiler)
guests-javascript guests-python guests-c guests-go:
	@mkdir -p $(DIST) && cp -u $< $(DIST)/

# What cannot be built here is said aloud; a build machine must have it all.
guests-all: guests ## build all guest components, in every language whose tools are here
	@for each in javascript:node python:python3 c:python3 go:python3; do \
		language=$${each%%:*} program=$${each##*:}; \
		if command -v $$program >/dev/null; then $(MAKE) --no-print-directory guests-$$language || exit 1; \
		elif [ "$$CI" = true ]; then echo "guests-$$language needs $$program, and a build machine must have it" >&2; exit 1; \
		else echo "SKIPPED: guests-$$language needs $$program, which is not installed here"; fi; \
	done

# ---- JavaScript ----
JAVASCRIPT_SDK := $(shell find sdk/javascript -name node_modules -prune -o -type f -print)

# The SDK is copied beside its packages: Node looks for them from where a file lies.
$(LANGUAGES)/javascript/.made: $(JAVASCRIPT_SDK) $(CONTRACT) sdk/ids.json
	$(call needs,node,JavaScript)
	mkdir -p $(LANGUAGES)/javascript/wit
	cp -R sdk/javascript/{package.json,src,build,test} $(LANGUAGES)/javascript/
	cp wit/process.wit $(LANGUAGES)/javascript/wit/ && cp sdk/ids.json $(LANGUAGES)/
	cd $(LANGUAGES)/javascript && npm install --silent --no-package-lock --no-audit --no-fund
	touch $@

$(LANGUAGES)/dist/order-javascript-1.0.wasm: $(ORDER)/javascript/order.js $(LANGUAGES)/javascript/.made
	@mkdir -p $(@D)
	node $(LANGUAGES)/javascript/build/main.mjs $< $@

# ---- Python ----
$(LANGUAGES)/dist/order-python-1.0.wasm: $(ORDER)/python/order.py $(wildcard sdk/python/procession/*.py) $(CONTRACT) | $(PYTHON_TOOLS)
	@mkdir -p $(@D)
	PYTHONPATH=sdk/python $(PYTHON) -m procession.build $< $@ --wit wit/process.wit

# ---- C ----
C_SDK := $(wildcard sdk/c/*.h sdk/c/src/* sdk/c/bindings/*)

$(LANGUAGES)/dist/order-c-1.0.wasm: $(ORDER)/c/order.c $(C_SDK) $(CONTRACT) $(COMPONENTIZER) | $(C_TOOLS)
	@mkdir -p $(@D)
	$(C_TO_WASM) -I sdk/c sdk/c/src/*.c sdk/c/bindings/process_component_type.o $< -o $@.core
	$(COMPONENTIZE) $@.core $@

bindings-c: ## make sdk/c/bindings again from wit/process.wit
	cargo install --quiet --locked wit-bindgen-cli --version $(WIT_BINDGEN) --no-default-features --features c --root $(LANGUAGES)/wit-bindgen
	$(LANGUAGES)/wit-bindgen/bin/wit-bindgen c wit --world process --out-dir sdk/c/bindings

# ---- Go ----
$(LANGUAGES)/dist/order-go-1.0.wasm: $(ORDER)/go/order.go $(ORDER)/go/go.mod $(shell find sdk/go -type f) $(CONTRACT) $(COMPONENTIZER) | $(GO_TOOLS)
	@mkdir -p $(@D)
	cd $(ORDER)/go && $(GO) run procession/cmd/check && $(GO_TO_WASM) -o $@.core .
	$(COMPONENTIZE) --go $@.core $@

# ---- Tests ----
# Each SDK's own tests; the components themselves are tested by host/app/tests/languages.rs.
test-languages: guests-all test-sdks ## test the SDKs of all languages, and the order of each in one host
	$(RUN_TESTS) --locked --workspace --test languages

# `guests-all` has said already what is missing.
test-sdks: guests-all
	@! command -v node >/dev/null || $(MAKE) --no-print-directory test-sdk-javascript
	@! command -v python3 >/dev/null || $(MAKE) --no-print-directory test-sdk-python test-sdk-c test-sdk-go

.PHONY: test-sdks test-sdk-javascript test-sdk-python test-sdk-c test-sdk-go

test-sdk-javascript: $(LANGUAGES)/javascript/.made
	cd $(LANGUAGES)/javascript && npm test --silent && npm run --silent types

test-sdk-python: | $(PYTHON_TOOLS)
	PYTHONPATH=sdk/python $(PYTHON) -m unittest discover --start-directory sdk/python/tests

# Natively, with every check that the compiler has.
test-sdk-c: | $(C_TOOLS)
	@mkdir -p $(LANGUAGES)/c
	$(ZIG_CC) $(C_FLAGS) -I sdk/c -g -fsanitize=undefined sdk/c/tests/*.c sdk/c/src/{memory,text,read,write,answer}.c -o $(LANGUAGES)/c/test
	$(LANGUAGES)/c/test sdk/ids.json

test-sdk-go: | $(GO_TOOLS)
	cd sdk/go && $(GO) vet ./... && $(GO) test ./...
