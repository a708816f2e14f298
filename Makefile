# SPDX-License-Identifier: Apache-2.0
# cardwatch: `make help` lists the targets.
SHELL := /bin/bash
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
SAN ?=
comma := ,
# V=1 shows the commands.
Q := $(if $(V),,@)
SAY := $(if $(V),@:,@printf '  %-4s %s\n')

B ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter clang%,$(CC)),-$(CC))

OPTIMISE := -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Werror -Wmissing-prototypes -Wstrict-prototypes
SANITISE := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
CPPFLAGS += -D_GNU_SOURCE -Isrc
# The dashboard's charts, built in (Debian: libjs-chart.js), and their licence.
CHART_JS ?= /usr/share/javascript/chart.js/chart.min.js
CHART_JS_LICENCE ?= /usr/share/doc/libjs-chart.js/copyright
CPPFLAGS += '-DCHART_JS="$(CHART_JS)"' '-DCHART_JS_LICENCE="$(CHART_JS_LICENCE)"'
CFLAGS ?= $(OPTIMISE)
override CFLAGS += -std=gnu11 $(WARNINGS) $(SANITISE) -pthread -fno-strict-aliasing
override LDFLAGS += $(SANITISE) -pthread
LDLIBS = $(LDLIBS_LMDB) -lrdkafka -lcurl -lmicrohttpd -lyaml -ljansson -lnettle -lz -lm
LDLIBS_LMDB := -llmdb

SOURCES := $(wildcard src/*/*.c)
OBJECTS := $(SOURCES:%.c=$(B)/%.o)
ENGINE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard src/engine/*.c src/base/*.c))
TESTLIB_SOURCES := $(wildcard tests/lib/*.c)
TESTLIB_OBJECTS := $(TESTLIB_SOURCES:%.c=$(B)/%.o)
ORACLE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/oracle*.c tests/lib/random*.c))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*_test.c))
# The engine's tests link with engine, base and libc alone: that proves what it depends on.
ENGINE_TESTS := $(filter $(B)/tests/unit/engine_%,$(UNIT_TESTS))
INTEGRATION_TESTS := $(patsubst tests/integration/%.c,$(B)/tests/integration/%,$(wildcard tests/integration/*_test.c))
E2E_TESTS := $(patsubst tests/e2e/%.c,$(B)/tests/e2e/%,$(wildcard tests/e2e/*_test.c))
BENCH := $(B)/tests/bench/bench
BENCH_OBJECTS := $(patsubst %.c,$(B)/%.o,$(filter-out tests/bench/%_bench.c,$(wildcard tests/bench/*.c)))
SOAK := $(B)/tests/soak/soak
SOAK_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/soak/*.c))
CHAOS := $(B)/tests/chaos/chaos
CHAOS_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/chaos/*.c))
SIM := $(B)/tests/sim/sim
SIM_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c))
TOOLS := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(wildcard tests/tools/*.c))
# A fuzzer without libFuzzer runs its corpus.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_MAIN := $(if $(findstring fuzzer,$(SAN)),,replay.o)
FUZZ_OBJECTS := $(addprefix $(B)/tests/fuzz/,fuzz.o writers.o $(FUZZ_MAIN))

# `make test` runs unit and integration tests a second time under these, with less repetition.
SAN_TEST := address,undefined
SAN_TEST_B := $(B)-$(subst $(comma),-,$(SAN_TEST))
SAN_TEST_SCALE ?= 25
SAN_UNIT_TESTS := $(UNIT_TESTS:$(B)/%=$(SAN_TEST_B)/%)
SAN_INTEGRATION_TESTS := $(INTEGRATION_TESTS:$(B)/%=$(SAN_TEST_B)/%)
SAN_SIM := $(SIM:$(B)/%=$(SAN_TEST_B)/%)
SAN_FUZZERS := $(FUZZERS:$(B)/%=$(SAN_TEST_B)/%)

# What tests may read: the build directory, the program under test, how much to repeat (percent).
export B
export TEST_BINARY := $(abspath $(B)/cardwatch)
export TEST_SCALE ?= 100
RUN_TESTS := tests/run --logs $(B)/test-logs
SUITE_TIDY := --suite tidy --limit 60 tests/tidy/tidy.py
# Unit tests keep a processor busy each; the others mostly wait.
JOBS := $(shell nproc)
SUITE_UNIT := --suite unit --limit 300 --jobs $(JOBS) $(UNIT_TESTS)
# "Possible" leaks are the stacks of threads that run when a process ends.
VALGRIND := valgrind --quiet --error-exitcode=99 --child-silent-after-fork=yes --leak-check=full \
	--show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect
SUITE_VALGRIND := --suite valgrind --limit 900 --jobs $(JOBS) --env TEST_SCALE=2 \
	--under "$(VALGRIND)" $(UNIT_TESTS)
SUITE_FUZZ := --suite fuzz-corpus --limit 300 --jobs $(JOBS) $(FUZZERS)
SUITE_INTEGRATION := --suite integration --limit 300 --jobs 4 $(INTEGRATION_TESTS)
SUITE_SIM := --suite sim --limit 300 $(SIM)
# Each program has a Kafka of its own, so two run side by side; that lives for a minute, for which
# Java's quick compiler is the better one.
E2E_JVM := -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms256m -Xmx512m
SUITE_E2E := --suite e2e --limit 600 --jobs 2 --env KAFKA_JVM="$(E2E_JVM)" $(E2E_TESTS)
# A taste of chaos; `make chaos` makes more of it.
SUITE_CHAOS := --suite chaos --limit 900 --env CHAOS_SEED=1 --env CHAOS_SECONDS=45 \
	--env CHAOS_ONLY="kill wipe stop pause leave cut slow refuse lost-endtxn late-endtxn late-offsets registry" \
	$(CHAOS)
SUITE_E2E_FULL := --suite e2e-full --limit 3600 --env E2E_FULL=1 $(E2E_TESTS)
SUITE_SAN := --suite unit-sanitized --limit 300 --jobs $(JOBS) --env TEST_SCALE=$(SAN_TEST_SCALE) \
	$(SAN_UNIT_TESTS) \
	--suite fuzz-corpus-sanitized --limit 300 --jobs $(JOBS) --env TEST_SCALE=$(SAN_TEST_SCALE) \
	$(SAN_FUZZERS) \
	--suite integration-sanitized --limit 300 --jobs 4 --env TEST_SCALE=$(SAN_TEST_SCALE) \
	$(SAN_INTEGRATION_TESTS) \
	--suite sim-sanitized --limit 300 --env TEST_SCALE=$(SAN_TEST_SCALE) $(SAN_SIM)

# `make sim`: SEED=n is one run (SIM_TRACE=1 shows all of it), else as many seeds from SIM_FROM on
# as SIM_SECONDS or SIM_SEEDS say; SIM_COVERAGE=1 shows which branches they have been through.
SEED ?=
SIM_TRACE ?=
SIM_FROM ?= $(shell date +%s)000
SIM_SEEDS ?=
SIM_SECONDS ?= $(if $(SIM_SEEDS),,60)
SIM_COVERAGE ?=
SIM_ARGUMENTS = $(if $(SEED),--seed $(SEED),--from $(SIM_FROM) $(if $(SIM_SEEDS),--seeds $(SIM_SEEDS)) \
	$(if $(SIM_SECONDS),--seconds $(SIM_SECONDS))) $(if $(SIM_TRACE),--trace)
COVERAGE_B := $(B)-coverage

# A make of its own for steps that must follow each other, on all processors unless -j was given.
STEP = @+$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
# A build that fails counts as a failed test.
COUNTED = || { echo "0 passed, 1 failed"; exit 1; }

# How long `make fuzz` runs each of FUZZ (names as in tests/fuzz/NAME_fuzz.c; all of them).
FUZZ_SECONDS ?= 60
FUZZ ?= $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_SAN := fuzzer,address,undefined
FUZZ_B := $(B)-fuzz

# How long `make demo` sends purchases (0: until Ctrl-C), and where to: BROKER=kafka starts one.
DEMO_SECONDS ?= 60
BROKER ?=
DEMO = $(if $(BROKER),tests/kafka/with) $(B)/cardwatch demo --seconds $(DEMO_SECONDS) \
	$(if $(BROKER),--brokers {})

C_FILES = $(wildcard src/*.c src/*/*.[ch] tests/*/*.[ch])
YAML_FILES = $(wildcard deploy/*.yaml deploy/*/*.yaml deploy/*/*.yml tests/prometheus/*.yml)
# Static analysis: .clang-tidy has the checks; -fanalyzer is for src, where all of it is clean.
ANALYSE :=
CLANG_TIDY = $(addprefix clang-tidy/,$(filter %.c,$(C_FILES)))
# Our compilers shift signed integers arithmetically.
CPPCHECK = cppcheck --quiet --error-exitcode=1 --std=c11 -j $(JOBS) --inline-suppr \
	--enable=warning,performance,portability --suppress=shiftTooManyBitsSigned \
	$(CPPFLAGS) --include=tests/tidy/cppcheck.h
# `make deps all` installs before it compiles, with -j too.
DEPS_FIRST := $(filter deps test-deps,$(MAKECMDGOALS))

.DEFAULT_GOAL := all
.PHONY: help deps test-deps lint-deps all demo tests san-tests fuzzers test unit fuzz-corpus fuzz \
	integration e2e e2e-full rolling sim sim-coverage sim-mutants chaos tidy bench soak lint valgrind \
	format install deb deb-test clean
.SECONDARY:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Install the libraries and tools that building needs (Debian packages)
	@deploy/install-deps build

test-deps: ## Install what the tests need as well
	@deploy/install-deps test

lint-deps:
	@deploy/install-deps lint

all: $(B)/cardwatch ## Build build/cardwatch

$(B)/cardwatch: $(B)/src/main.o $(OBJECTS)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: %.c | $(DEPS_FIRST)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter tests/%,$<),-Itests,$(ANALYSE)) -MMD -MP -c -o $@ $<

$(B)/src/wire/schemas.o: $(wildcard schemas/*.avsc)
$(B)/src/ops/assets.o: $(wildcard src/ops/page/*) $(wildcard $(CHART_JS))

$(ENGINE_TESTS): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(ENGINE_OBJECTS) $(ORACLE_OBJECTS)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lm

$(filter-out $(ENGINE_TESTS),$(UNIT_TESTS)) $(INTEGRATION_TESTS) $(E2E_TESTS) $(TOOLS): $(B)/%: $(B)/%.o $(OBJECTS) $(TESTLIB_OBJECTS)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lavro -lcmocka

$(BENCH): $(BENCH_OBJECTS)
$(CHAOS): $(CHAOS_OBJECTS)
$(BENCH) $(CHAOS): $(OBJECTS) $(TESTLIB_OBJECTS)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lavro -lcmocka

$(FUZZERS): $(B)/%: $(B)/%.o $(FUZZ_OBJECTS)
$(SIM): $(SIM_OBJECTS)
$(SOAK): $(SOAK_OBJECTS)
$(SIM) $(SOAK) $(FUZZERS): $(OBJECTS) $(TESTLIB_OBJECTS)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lavro -lcmocka

demo: ## See it work: install what is missing, build, run; BROKER=kafka on a real Kafka
	$(if $(filter-out kafka,$(BROKER)),$(error BROKER=$(BROKER): only kafka is known))
	$(STEP) $(if $(BROKER),test-deps,deps)
	$(STEP) all
	@$(DEMO)

tests: all $(UNIT_TESTS) $(INTEGRATION_TESTS) $(E2E_TESTS) $(BENCH) $(SOAK) $(CHAOS) $(TOOLS) \
	$(SIM) $(FUZZERS)

san-tests: $(UNIT_TESTS) $(FUZZERS) $(INTEGRATION_TESTS) $(SIM)

fuzzers: $(FUZZERS)

test: ## Install what is missing, build, and run every suite; ends with 'N passed, N failed'
	$(STEP) test-deps $(COUNTED)
	$(STEP) tests $(COUNTED)
	$(STEP) san-tests SAN=$(SAN_TEST) B=$(SAN_TEST_B) $(COUNTED)
	@$(RUN_TESTS) $(SUITE_TIDY) $(SUITE_UNIT) $(SUITE_FUZZ) $(SUITE_INTEGRATION) $(SUITE_SIM) \
		$(SUITE_SAN) $(SUITE_E2E) $(SUITE_CHAOS)

unit: $(UNIT_TESTS) ## Run the unit tests (also with SAN=address,undefined or SAN=thread)
	@$(RUN_TESTS) $(SUITE_UNIT)

fuzz-corpus: $(FUZZERS) ## Run the inputs that the fuzzers keep, and variations of them
	@$(RUN_TESTS) $(SUITE_FUZZ)

fuzz: ## Look for new ones: FUZZ_SECONDS=60 for each fuzzer, FUZZ="NAME..." for some
	$(STEP) lint-deps
	$(STEP) fuzzers CC=clang SAN=$(FUZZ_SAN) B=$(FUZZ_B)
	@tests/fuzz/run --build $(FUZZ_B) --seconds $(FUZZ_SECONDS) $(FUZZ)

integration: all $(INTEGRATION_TESTS) ## Run the tests against in-process servers
	@$(RUN_TESTS) $(SUITE_INTEGRATION)

e2e: all $(E2E_TESTS) $(TOOLS) ## Run the tests against a real Kafka broker, reduced
	@$(RUN_TESTS) $(SUITE_E2E)

e2e-full: all $(E2E_TESTS) $(TOOLS) ## The same at full size (takes long)
	@$(RUN_TESTS) $(SUITE_E2E_FULL)

rolling: all $(B)/tests/e2e/rolling_test ## Restart and kill one of three under 20,000 purchases/s: how long are the pauses?
	@E2E_FULL=1 $(B)/tests/e2e/rolling_test

sim: $(if $(SIM_COVERAGE),sim-coverage,$(SIM)) ## Simulate failures: random seeds, a minute (SEED=n, SIM_SECONDS=n, SIM_COVERAGE=1)
	$(if $(SIM_COVERAGE),,@$(SIM) $(SIM_ARGUMENTS))

sim-coverage:
	$(STEP) $(COVERAGE_B)/tests/sim/sim B=$(COVERAGE_B) CFLAGS="-O1 -g --coverage" LDFLAGS=--coverage
	@find $(COVERAGE_B) -name '*.gcda' -delete
	@$(COVERAGE_B)/tests/sim/sim $(SIM_ARGUMENTS)
	@tests/sim/coverage $(COVERAGE_B)

sim-mutants: $(SIM) ## Plant bugs in copies of the tree and let the simulator find them
	@tests/sim/mutants/run $(B)

chaos: all $(CHAOS) ## Break a real Kafka, its network and the service for CHAOS_MINUTES=5 (CHAOS_SEED=n)
	@$(CHAOS)

tidy: ## Check the house rules
	@$(RUN_TESTS) $(SUITE_TIDY)

bench: all $(BENCH) ## Measure throughput, latency, restarts on a real Kafka (tests/bench/options.h)
	@$(BENCH)

soak: all $(SOAK) ## Run it for hours of event time on a real Kafka; what grows? (tests/soak/options.h)
	@$(SOAK)

lint: lint-deps ## Check the format; build with gcc and clang; static analysis; YAML and compose files
	clang-format --dry-run --Werror $(C_FILES)
	$(STEP) tests CC=gcc B=$(B)-lint-gcc ANALYSE=-fanalyzer
	$(STEP) tests CC=clang B=$(B)-lint-clang
	$(CPPCHECK) src
	yamllint --strict $(YAML_FILES)
	docker-compose -f deploy/database/compose.yaml config --quiet
	tests/tidy/kubernetes.py $(B)-lint-gcc/cardwatch
	systemd-analyze security --offline=yes --threshold=15 deploy/cardwatch.service >/dev/null
	$(STEP) $(CLANG_TIDY)

# One file at a time: version 14 mistakes va_lists in a second one.
$(CLANG_TIDY): clang-tidy/%:
	$(SAY) TIDY $*
	$(Q)clang-tidy --quiet $* -- -std=gnu11 $(CPPFLAGS) $(if $(filter tests/%,$*),-Itests) 2>/dev/null

valgrind: lint-deps ## Run the unit tests under valgrind, with less repetition
	$(STEP) $(UNIT_TESTS)
	@$(RUN_TESTS) $(SUITE_VALGRIND)

format: ## Format all C files in place
	clang-format -i $(C_FILES)

# Made by the program, from the tables that its help is made from.
$(B)/cardwatch.1: $(B)/cardwatch
	$(SAY) MAN $@
	$(Q)$< help man >$@.new && mv $@.new $@

$(B)/cardwatch.bash: $(B)/cardwatch
	$(SAY) BASH $@
	$(Q)$< help completion >$@.new && mv $@.new $@

install: all $(B)/cardwatch.1 $(B)/cardwatch.bash ## Install below $(DESTDIR)$(PREFIX): program, manual page, completion, example, schemas
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/cardwatch/schemas
	install -m 755 $(B)/cardwatch $(DESTDIR)$(PREFIX)/bin/cardwatch
	install -m 644 deploy/cardwatch.yaml $(DESTDIR)$(PREFIX)/share/cardwatch/cardwatch.yaml
	install -m 644 schemas/*.avsc $(DESTDIR)$(PREFIX)/share/cardwatch/schemas
	install -D -m 644 $(B)/cardwatch.1 $(DESTDIR)$(PREFIX)/share/man/man1/cardwatch.1
	install -D -m 644 $(B)/cardwatch.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/cardwatch

deb: all $(B)/cardwatch.1 $(B)/cardwatch.bash ## Make a Debian package, for this release of Debian
	@deploy/install-deps package
	@MAKEFLAGS= deploy/debian/build $(B)

deb-test: deb ## Install, use and purge it in a bare Debian root (as root)
	@tests/package/run $(B)/deb/*.deb

clean: ## Remove everything that was built
	rm -rf build build-*

-include $(OBJECTS:.o=.d) $(B)/src/main.d $(TESTLIB_OBJECTS:.o=.d)
-include $(wildcard $(B)/tests/*/*.d)
