# cardwatch: `make help` lists the targets.
SHELL := /bin/bash
CC ?= gcc
PREFIX ?= /usr/local
DESTDIR ?=
SAN ?=
comma := ,

B ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter clang%,$(CC)),-$(CC))

PACKAGES := rdkafka libavro lmdb libcurl libmicrohttpd yaml-0.1 jansson nettle
OPTIMISE := -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Werror -Wmissing-prototypes -Wstrict-prototypes
SANITISE := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
CPPFLAGS += -D_GNU_SOURCE -Isrc
CFLAGS ?= $(OPTIMISE)
override CFLAGS += -std=gnu11 $(WARNINGS) $(SANITISE) -pthread -fno-strict-aliasing
override LDFLAGS += $(SANITISE) -pthread
LDLIBS = $(LDLIBS_LMDB) -lrdkafka -lavro -lcurl -lmicrohttpd -lyaml -ljansson -lnettle -lm
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
TOOLS := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(wildcard tests/tools/*.c))

.DEFAULT_GOAL := all
.PHONY: help deps test-deps all test unit integration e2e e2e-full tidy bench lint format install clean tests
.SECONDARY:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Install the libraries and tools that building needs (Debian packages)
	@deploy/install-deps build

test-deps: deps
	@deploy/install-deps test

all: $(B)/cardwatch ## Build build/cardwatch

$(B)/cardwatch: $(B)/src/main.o $(OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter tests/%,$<),-Itests) -MMD -MP -c -o $@ $<

$(B)/src/wire/schemas.o: $(wildcard schemas/*.avsc)

$(ENGINE_TESTS): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(ENGINE_OBJECTS) $(ORACLE_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lm

$(filter-out $(ENGINE_TESTS),$(UNIT_TESTS)) $(INTEGRATION_TESTS) $(E2E_TESTS) $(TOOLS): $(B)/%: $(B)/%.o $(OBJECTS) $(TESTLIB_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

tests: $(UNIT_TESTS) $(INTEGRATION_TESTS) $(E2E_TESTS) $(TOOLS)

clean: ## Remove everything that was built
	rm -rf build build-*

-include $(OBJECTS:.o=.d) $(B)/src/main.d $(TESTLIB_OBJECTS:.o=.d)
-include $(wildcard $(B)/tests/*/*.d)
