# SPDX-License-Identifier: Apache-2.0
# Thin: each target is a preset of CMakePresets.json after scripts/setup.sh, which does nothing when all is there.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
JOBS ?= $(shell scripts/jobs.sh)
PRESET ?= release
space := $(subst ,, )

.PHONY: help
help: ## this list
	@echo "nibble: YOLO detectors in 4 bits. Targets:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | column -t -s '|'
	@echo "Variables: ARGS (options of make run), JOBS (compilers at once, now $(JOBS)), PREFIX and DESTDIR (make install)."

.PHONY: setup
setup: ## install what the build needs (Debian 12; root or sudo), fetch ONNX Runtime into third_party/
	@scripts/setup.sh

.PHONY: setup-dev
setup-dev:
	@scripts/setup.sh --dev

# configure-and-build PRESET [TARGET...]
define build-preset
cmake --preset $(1) --log-level=WARNING
cmake --build --preset $(1) --parallel $(JOBS) $(if $(2),--target $(2))
endef

.PHONY: build
build: setup ## set-up, then build/nibble and the tests
	@$(call build-preset,release)

# Without the tests: the shortest way from a clone to a result.
.PHONY: run
run: setup ## set-up, build, and the main job on the embedded default; ARGS="model.pt --recipes w4a16 ..." for your own
	@$(call build-preset,release,nibble)
	@build/nibble run $(ARGS)

.PHONY: test
test: build ## set-up, build, all tests; skipped ones are listed at the end
	@ctest --preset release --parallel $(JOBS)

.PHONY: bench
bench: setup ## benchmarks of the parts, then nibble and other tools side by side (NIBBLE_PEERS: their Python environment)
	@cmake --preset release --log-level=WARNING -DNIBBLE_BENCHMARKS=ON
	@cmake --build --preset release --parallel $(JOBS) --target nibble nibble_bench coco_map_bench
	@build/nibble_bench $(ARGS)
	@bench/side_by_side.sh

.PHONY: asan
asan: setup-dev ## all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(call build-preset,asan)
	@ctest --preset asan --parallel $(JOBS)

# The test programs without LibTorch: its OpenMP is not built for ThreadSanitizer, which then sees races that are none.
TSAN_TESTS ?= base ckpt graph yolo data comm quant export eval report
.PHONY: tsan
tsan: setup-dev ## tests of the parts without LibTorch under ThreadSanitizer
	@$(call build-preset,tsan,$(addsuffix _test,$(TSAN_TESTS)))
	@ctest --preset tsan --parallel $(JOBS) --tests-regex '^($(subst $(space),|,$(strip $(TSAN_TESTS))))\.'

.PHONY: clang
clang: setup-dev ## everything compiled by clang, and all tests
	@$(call build-preset,clang)
	@ctest --preset clang --parallel $(JOBS)

# Lines of ours, without tests, fuzz targets and what the entry of each module only hands on.
.PHONY: coverage
coverage: setup-dev ## which lines the tests run, as build-coverage/coverage.txt; fails below 90 %
	@$(call build-preset,coverage)
	@find build-coverage -name '*.gcda' -delete
	@ctest --preset coverage --parallel $(JOBS)
	@gcovr --root . --filter src/ --exclude '.*_test\.cc' --exclude '.*/fuzz_.*' --object-directory build-coverage -j $(JOBS) \
	  --fail-under-line 90 --txt build-coverage/coverage.txt --print-summary

FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: setup-dev ## each fuzz target for a minute (FUZZ_SECONDS); what it finds stays in build-fuzz/found
	@$(call build-preset,fuzz)
	@scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

.PHONY: tidy
tidy: setup-dev ## clang-tidy over everything that is built
	@$(call build-preset,tidy)

.PHONY: format
format: setup-dev ## clang-format in place
	@scripts/format.sh

.PHONY: format-check
format-check: setup-dev ## fails where clang-format would change something
	@scripts/format.sh --check

.PHONY: install
install: setup ## program, library, headers and CMake package into $(DESTDIR)$(PREFIX)
	@$(call build-preset,release,nibble)
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

.PHONY: deb
deb: setup ## Debian packages nibble and libnibble-dev, into build/packages
	@$(call build-preset,release,nibble)
	@scripts/package.sh build

.PHONY: build-times
build-times: setup ## compile everything anew, without ccache, in build-times/, and say what took the processor's time
	@scripts/build_times.sh

.PHONY: clean
clean: ## remove the build folders; third_party/ and results stay
	@cmake -E rm -rf build build-dev build-asan build-tsan build-clang build-coverage build-tidy build-cuda build-fuzz build-times
