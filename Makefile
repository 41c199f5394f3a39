# Sluice: one GNU Makefile, no recursion, no configure. Local overrides go to
# config.mk (untracked). CFLAGS, CPPFLAGS and LDFLAGS belong to the user.
#
#	make                       tools in build/bin
#	make check                 the tests (PROVE_OPTS=-v names behaviours)
#	make SAN=address,undefined the same in build-address-undefined/
#	make V=1                   show the commands

-include config.mk

VERSION := $(shell cat VERSION)
CC ?= cc
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
SYSCONFDIR ?= /etc
BARE ?= 1

comma := ,
B := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(BUILD_SUFFIX)
Q := $(if $(V),,@)

PKGS := libpq libzstd yaml-0.1 libcrypto msgpack libcjson
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wnull-dereference -Wno-format-nonliteral
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
	-ftrivial-auto-var-init=zero
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifeq ($(SAN),)
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
else
SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. -Ilib -I$(B)/gen $(PKG_CFLAGS) $(WARN) $(HARDEN) \
	$(if $(WERROR),-Werror) $(SANFLAGS) $(CPPFLAGS) $(CFLAGS)
LDFLAGS_ALL = $(LDHARDEN) -Wl,--as-needed $(SANFLAGS) $(LDFLAGS)

TOOLS := $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c))
LIB_SRC := $(sort $(wildcard lib/*/*.c))
CMD_SRC := $(sort $(wildcard cmd/*.c cmd/*/*.c))
UNIT_SRC := $(sort $(wildcard t/unit/u-*.c))
HELPER_SRC := $(sort $(wildcard t/helper/*.c))
FUZZ_SRC := $(sort $(wildcard t/fuzz/fuzz-*.c))
OBJ = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIB := $(B)/libcore.a
BIN := $(addprefix $(B)/bin/,$(TOOLS))
UNIT := $(patsubst t/unit/%.c,$(B)/t/%,$(UNIT_SRC))
HELPER := $(patsubst t/helper/%.c,$(B)/t/%,$(HELPER_SRC))
FUZZ := $(patsubst t/fuzz/%.c,$(B)/t/%,$(FUZZ_SRC))
MAN := $(sort $(wildcard man/*.[157]))
SQL := $(sort $(wildcard sql/*.sql sql/q/*.sql))
COMPLETIONS := $(addprefix $(B)/completions/,$(TOOLS))

.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all check check-unit crash bench lint fuzz install uninstall dist clean compdb tests FORCE
.SECONDARY:

all: $(BIN) $(B)/bin/.complete compile_commands.json

tests: all $(UNIT) $(HELPER) $(FUZZ)

# --- stamps: rewritten only when their text changes -----------------------
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(PKG_LIBS)' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(PKG_LIBS)' >$@

$(B)/gen/version.h: VERSION
	@mkdir -p $(@D)
	@echo '#define SLUICE_VERSION "$(VERSION)"' >$@

$(B)/gen/sql.h: $(SQL) scripts/sql2c.awk
	@mkdir -p $(@D)
	$(Q)awk -f scripts/sql2c.awk $(SQL) >$@.tmp && mv $@.tmp $@

$(B)/gen/paths.h: $(B)/flags FORCE
	@mkdir -p $(@D)
	@printf '#define SLUICE_LIBEXECDIR "%s"\n#define SLUICE_SYSCONFDIR "%s"\n' \
		'$(LIBEXECDIR)/sluice' '$(SYSCONFDIR)' >$@.tmp; \
		cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

GEN := $(B)/gen/version.h $(B)/gen/sql.h $(B)/gen/paths.h

# --- objects ---------------------------------------------------------------
$(B)/obj/%.o: %.c $(B)/flags | $(GEN)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC    $<')
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(LIB): $(call OBJ,$(LIB_SRC))
	$(if $(V),,@echo '  AR    $@')
	$(Q)rm -f $@.tmp && ar rcsD $@.tmp $^ && mv $@.tmp $@

define TOOL_RULE
$(B)/bin/$(1): $(call OBJ,$(filter cmd/$(1)/%.c,$(CMD_SRC))) $(B)/obj/cmd/main.o $(LIB)
	@mkdir -p $$(@D)
	$(if $(V),,@echo '  LD    $$@')
	$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(PKG_LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL_RULE,$(t))))

$(B)/bin/.complete: $(BIN)
	@touch $@

$(B)/t/u-%: $(B)/obj/t/unit/u-%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LD    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(CHECK_LIBS) $(PKG_LIBS)

$(B)/t/fuzz-%: $(B)/obj/t/fuzz/fuzz-%.o $(B)/obj/t/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LD    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

$(B)/t/%: $(B)/obj/t/helper/%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LD    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

-include $(patsubst %.o,%.d,$(call OBJ,$(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(HELPER_SRC) $(FUZZ_SRC) t/fuzz/replay.c))

compile_commands.json: Makefile $(LIB_SRC) $(CMD_SRC)
	@{ echo '['; sep=; for f in $(LIB_SRC) $(CMD_SRC) $(UNIT_SRC); do \
		printf '%s{"directory":"%s","file":"%s","command":"%s -c %s"}' \
		"$$sep" '$(CURDIR)' "$$f" '$(CC) $(CFLAGS_ALL)' "$$f"; sep=','; \
	done; echo ']'; } >$@
compdb: compile_commands.json

# --- tests -----------------------------------------------------------------
T ?= $(sort $(wildcard t/[0-9]*.sh))
JOBS ?= 2
check: tests
	@SLUICE_BUILD='$(CURDIR)/$(B)' prove -j$(JOBS) $(PROVE_OPTS) $(UNIT) $(T)

check-unit: tests
	@SLUICE_BUILD='$(CURDIR)/$(B)' prove $(PROVE_OPTS) $(UNIT)

clean:
	rm -rf build build-* compile_commands.json
