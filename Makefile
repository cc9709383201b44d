# threadwise's front door. Each command installs the Debian packages it lacks, configures, builds and runs.

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

export CMAKE_BUILD_PARALLEL_LEVEL ?= $(JOBS)
ifneq ($(shell command -v ccache),)
export CMAKE_CXX_COMPILER_LAUNCHER ?= ccache
endif

.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-release test-asan test-tsan test-portable test-coverage soak bench bench-download fuzz coverage lint format docs install install-lib deb clean wheel test-python test-cpython test-python-tools bench-python
.PRECIOUS: build/%/build.ninja

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-14s %s\n' "$$name" "$$what"; done

run: build/release/build.ninja ## Run the threadwise command with ARGS="..."; without them, show a demonstration
	@cmake --build --preset release --target apps/threadwise
	@build/release/apps/threadwise $(or $(ARGS),demo)

test: test-release ## Build and run the tests (ARGS="..." goes to ctest, as in ARGS="-R lock")
test-asan: ## The same under the address and undefined behaviour sanitizers
test-tsan: ## The same under the thread sanitizer
test-portable: ## The same on the portable backend

test-release test-asan test-tsan test-portable test-coverage: test-%: build/%/build.ninja
	@cmake --build --preset $* $(if $(TARGETS),--target $(TARGETS))
	@$(FIXED_ADDRESSES) ctest --preset $* -j $(JOBS) $(ARGS)

# gcc 12's thread sanitizer does not start where the kernel randomises addresses by more than 28 bits.
test-tsan: FIXED_ADDRESSES := $(shell [ "$$(cat /proc/sys/vm/mmap_rnd_bits)" -gt 28 ] 2>/dev/null && echo setarch -R)

test-faults: build/release/build.ninja ## Let each allocation, thread, futex call and membarrier fail in turn
	@cmake --build --preset release --target tests-faults
	@THREADWISE_FAULTS=all ctest --preset release -j $(JOBS) -L '^faults$$' $(ARGS)

wheel: | bootstrap-build bootstrap-python ## Build the Python package's wheel for PYTHON (python3)
	@python3 python/environments.py "$(or $(PYTHON),$(shell command -v python3))"

test-python: | bootstrap-build bootstrap-python ## Build the Python package for PYTHON (python3) and run its tests
	@PYTHON="$(PYTHON)" SANITIZE="$(SANITIZE)" python3 python/tests/run $(ARGS)

test-cpython: | bootstrap-build bootstrap-python bootstrap-cpython ## Run CPython's own tests on threadwise (PYTHON=3.13 MODULES="test_queue" STOCK=1)
	@PYTHON="$(PYTHON)" MODULES="$(MODULES)" STOCK="$(STOCK)" SANITIZE="$(SANITIZE)" LEAKS="$(LEAKS)" python3 python/cpython/run

test-python-tools: | bootstrap-build bootstrap-python ## Let profilers and debuggers look at threads, on the standard modules and ours
	@PYTHON="$(PYTHON)" TOOLS="$(TOOLS)" python3 python/tools/run

soak: build/release/build.ninja ## Run the tests that take minutes
	@cmake --build --preset release
	@ctest --preset soak $(ARGS)

bench: | bootstrap-build bootstrap-bench ## Measure threadwise beside its peers; figures go to build/benchmarks
	@cmake --preset release -DTHREADWISE_BUILD_BENCHMARKS=ON
	@cmake --build --preset release --target benchmarks/all
	@benchmarks/run build/release $(ARGS)

bench-download: build/release/build.ninja | bootstrap-bench-download ## Measure `threadwise download` beside curl, aria2, wget2, axel and lftp
	@cmake --build --preset release --target apps/threadwise
	@benchmarks/download/run build/release/apps/threadwise $(ARGS)

bench-python: | bootstrap-build bootstrap-python ## Measure the standard modules beside threadwise, on each PYTHON (PYTHON=3.13)
	@PYTHON="$(PYTHON)" python3 python/benchmarks/run

fuzz: build/fuzz/build.ninja | bootstrap-fuzz ## Try the parsers on made-up inputs (TIME=60 seconds each; NAMES="range")
	@cmake --build --preset fuzz --target fuzzers
	@scripts/fuzz build/fuzz $(or $(TIME),60) $(NAMES)

coverage: test-coverage | bootstrap-coverage ## Which lines the tests run: build/coverage/report/index.html
	@mkdir -p build/coverage/report
	@gcovr --root . --object-directory build/coverage --filter src/ --filter include/ --exclude-directories '.*/tests/install' --exclude-throw-branches \
		--html-details build/coverage/report/index.html --print-summary

lint: | bootstrap-build bootstrap-python bootstrap-lint ## Check formatting, layering, headers and scripts; clang's warnings; clang-tidy
	@scripts/lint

format: | bootstrap-lint ## Lay out the C++ files as .clang-format says
	@git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' | xargs -0 clang-format-14 -i

docs: | bootstrap-docs ## Build the site: build/docs/index.html
	@scripts/docs

install: build/release/build.ninja ## Install below PREFIX (/usr/local); DESTDIR is honoured
	@cmake --build --preset release --target threadwise threadwise_static apps/all
	@cmake --install build/release --prefix "$(PREFIX)"
	@$(TELL_LOADER)

install-lib: | bootstrap-library ## The same for the library alone
	@cmake -G Ninja -S . -B build/library -DCMAKE_BUILD_TYPE=Release -DTHREADWISE_BUILD_APPS=OFF -DTHREADWISE_BUILD_TESTS=OFF
	@cmake --build build/library
	@cmake --install build/library --prefix "$(PREFIX)"
	@$(TELL_LOADER)

deb: build/release/build.ninja | bootstrap-deb ## Debian packages of the library, its headers and the command: build/release/packages
	@cmake --build --preset release --target threadwise threadwise_static apps/all
	@scripts/deb build/release

# The loader keeps a list of the libraries in the system's folders.
TELL_LOADER = [ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || \
	echo "install: run ldconfig as root if programs do not find libthreadwise.so; below another PREFIX, set LD_LIBRARY_PATH or an rpath"

clean: ## Remove everything that was built
	rm -rf build

# Configured once; from then on ninja itself notices what changed.
build/fuzz/build.ninja: | bootstrap-fuzz
build/%/build.ninja: CMakePresets.json | bootstrap-build
	@cmake --preset $*
	@touch $@

BOOTSTRAPS := bootstrap-build bootstrap-library bootstrap-deb bootstrap-bench bootstrap-bench-download bootstrap-coverage bootstrap-fuzz bootstrap-lint bootstrap-docs \
	bootstrap-python bootstrap-cpython
.PHONY: $(BOOTSTRAPS)
$(BOOTSTRAPS): bootstrap-%:
	@scripts/bootstrap $*
