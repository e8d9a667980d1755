# SPDX-License-Identifier: Apache-2.0
#
# The two commands to know: `make run` shows Moat at work, `make test` checks everything.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run run-offline test test-all validate soak many container vm-own vm-trixie
.PHONY: bench-sandbox demo-offline prove vm bench env fmt clean build web

TARGET_DIR := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
MOAT := $(TARGET_DIR)/release/moat
XTASK := cargo run --quiet --release --locked --package xtask --

# llama.cpp is built for this machine's vector instructions, see .cargo/config.toml.
instruction = $(if $(shell grep -m1 -ow '$(1)' /proc/cpuinfo 2>/dev/null),ON,OFF)
level4 := avx512f avx512bw avx512cd avx512dq avx512vl
export GGML_AVX512 ?= $(if $(filter OFF,$(foreach name,$(level4),$(call instruction,$(name)))),OFF,ON)
both = $(if $(filter ONON,$(GGML_AVX512)$(call instruction,$(1))),ON,OFF)
export GGML_AVX512_VBMI := $(call both,avx512vbmi)
export GGML_AVX512_VNNI := $(call both,avx512_vnni)
export GGML_AVX512_BF16 := $(call both,avx512_bf16)

TEST_MODEL := smollm2-135m-instruct

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

build: ## build the `moat` command
	@scripts/setup.sh build
	@scripts/web.sh build
	cargo build --release --locked --package moat-cli

web: ## build the page of the browser IDE
	@scripts/setup.sh build
	@scripts/web.sh build

run: ## install what is missing, build, get the model, repair the demo program, open the IDE on it
	@scripts/setup.sh run
	@scripts/web.sh build
	cargo build --release --locked --package moat-cli
	@scripts/demo.sh "$(MOAT)" serve

run-offline: ## the same once more where nothing is reachable; after `make run`
	@scripts/setup.sh run
	cargo build --release --locked --offline --package moat-cli
	@scripts/offline.sh "$(MOAT)"

test: ## everything that continuous integration checks
	@scripts/setup.sh test
	@$(XTASK) ci fmt tidy types
	@scripts/web.sh build
	cargo build --release --locked --workspace
	$(MOAT) model pull $(TEST_MODEL) --quiet
	@MOAT_TEST_MODEL="$$($(MOAT) model path $(TEST_MODEL))" \
		$(XTASK) ci clippy test web doctest doc deny

# Parts of `make test-all`; each also runs alone.
PARTS := test validate prove soak many container vm-own vm-trixie bench-sandbox demo-offline

test-all: ## `make test`, repair tasks, attacks, soak, container, virtual machines, the sandbox's speed, the demo offline
	@scripts/all.sh "$(MAKE)" $(PARTS)

validate:
	@scripts/setup.sh test
	@$(XTASK) bench validate

soak:
	@scripts/setup.sh test
	cargo build --release --locked --package moat-sandbox --examples
	@scripts/soak.sh "$(TARGET_DIR)/release" 5000

container:
	@scripts/setup.sh all
	cargo build --release --locked --package moat-cli
	@scripts/container.sh "$(MOAT)"

many:
	@scripts/setup.sh test
	cargo build --release --locked --package moat-sandbox --examples
	@scripts/many.sh "$(TARGET_DIR)/release" 100000

vm-own:
	@$(MAKE) vm ARGS=own

vm-trixie:
	@$(MAKE) vm ARGS="suite trixie"

bench-sandbox:
	@$(MAKE) bench ARGS=sandbox

demo-offline:
	@scripts/setup.sh run
	cargo build --release --locked --package moat-cli
	$(MOAT) model pull --quiet
	@scripts/offline.sh "$(MOAT)"

prove: ## show each failure that Moat is built against, and whether it survived
	@scripts/setup.sh test
	cargo build --release --locked --package moat-cli
	@$(XTASK) prove

vm: ## the sandbox's tests on another kernel, emulated: make vm ARGS="suite trixie"
	@scripts/setup.sh vm
	@$(XTASK) vm $(ARGS)

bench: ## measure: make bench ARGS="agent"
	@scripts/setup.sh run
	cargo build --release --locked --package moat-cli
	@$(XTASK) bench $(ARGS)

env: ## print how llama.cpp is built here: eval "$$(make -s env)" before a bare cargo
	@env | sed -n 's/^\(GGML_AVX512[A-Z0-9_]*=[A-Z]*\)$$/export \1/p'

fmt: ## format the Rust code
	cargo fmt --all

clean: ## remove what was built; models and sessions of the user stay
	cargo clean
