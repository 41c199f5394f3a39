# Sluice: one GNU Makefile, no recursion, no configure. Local overrides go to
# config.mk (untracked). CFLAGS, CPPFLAGS and LDFLAGS belong to the user.
#
#	make                       tools in build/bin
#	make check                 the tests (PROVE_OPTS=-v names behaviours)
#	make SAN=address,undefined the same in build-address-undefined/
#	make crash bench lint fuzz the long ones: every kill point, speed, analysers
#	make install DESTDIR=...   BARE=0 puts only `sluice` into BINDIR
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
B := build$(if $(FUZZING),-fuzz)$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(BUILD_SUFFIX)
Q := $(if $(V),,@)

PKGS := libpq libzstd yaml-0.1 libcrypto msgpack libcjson libutf8proc gmime-3.0 libxml-2.0 libseccomp
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wnull-dereference -Wno-format-nonliteral
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
	-ftrivial-auto-var-init=zero
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifneq ($(FUZZING),)
# libFuzzer is clang's, which does not know all of the above.
CC := clang
HARDEN := -Wno-unknown-warning-option -Wno-null-dereference
LDHARDEN :=
SANFLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(SAN),)
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
.PHONY: all check check-unit crash bench lint lint-text fuzz fuzzers install uninstall dist clean \
	compdb completions tests FORCE
.SECONDARY:

all: $(BIN) $(B)/bin/.complete $(if $(wildcard scripts/completions),completions) compile_commands.json

tests: all $(UNIT) $(HELPER) $(FUZZ)

# --- stamps: rewritten only when their text changes -----------------------
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(PKG_LIBS)' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(PKG_LIBS)' >$@

# A source that is gone must leave the archive too.
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(LIB_SRC) $(CMD_SRC)' | cmp -s - $@ || echo '$(LIB_SRC) $(CMD_SRC)' >$@

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

$(LIB): $(call OBJ,$(LIB_SRC)) $(B)/sources
	$(if $(V),,@echo '  AR    $@')
	$(Q)rm -f $@.tmp && ar rcsD $@.tmp $(filter %.o,$^) && mv $@.tmp $@

define TOOL_RULE
$(B)/bin/$(1): $(call OBJ,$(filter cmd/$(1)/%.c,$(CMD_SRC))) $(B)/obj/cmd/main.o $(LIB)
	@mkdir -p $$(@D)
	$(if $(V),,@echo '  LD    $$@')
	$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(PKG_LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL_RULE,$(t))))

# By this mark `sluice` knows that a directory is one of its tools.
$(B)/bin/.complete: $(BIN)
	@touch $@

$(B)/t/u-%: $(B)/obj/t/unit/u-%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LD    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(CHECK_LIBS) $(PKG_LIBS)

# A fuzzer reads the files it is given, or is driven by libFuzzer.
$(B)/t/fuzz-%: $(B)/obj/t/fuzz/fuzz-%.o $(if $(FUZZING),,$(B)/obj/t/fuzz/replay.o) $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LD    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) $(if $(FUZZING),-fsanitize=fuzzer) -o $@ $^ $(PKG_LIBS)

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

# Every kill point; an hour or so.
crash: tests
	@SLUICE_BUILD='$(CURDIR)/$(B)' prove -v $(PROVE_OPTS) t/crash-all

# BENCH_OPTS goes to t/bench/ingest.
bench: all
	@PATH="/usr/bin:$$PATH" SLUICE_BUILD='$(CURDIR)/$(B)' t/bench/ingest $(BENCH_OPTS)

# --- analysers: no open finding -------------------------------------------
LINT := $(patsubst %.c,$(B)/lint/%.ok,$(LIB_SRC) $(CMD_SRC))
# ctuPointerArith takes a pointer to the end of an array for an overflow.
CPPCHECK := cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem --suppress=ctuPointerArith --error-exitcode=1 \
	-D_GNU_SOURCE -D__GNUC__=12 -I. -Ilib -I$(B)/gen

lint: lint-text $(LINT)

lint-text:
	@scripts/check-layers && scripts/check-shell && scripts/check-man

$(B)/lint/%.ok: %.c $(B)/flags | $(GEN)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINT  $<')
	$(Q)$(CPPCHECK) $<
	$(Q)$(CC) $(CFLAGS_ALL) -Werror -fanalyzer -MMD -MP -MT $@ -MF $(@:.ok=.d) -c -o /dev/null $<
	@touch $@

-include $(LINT:.ok=.d)

# FUZZ_SECONDS for each fuzzer (`scripts/deps fuzz` gets clang). What it finds is added to build-fuzz/corpus; a
# crash is a file here, to be put into t/fuzz/corpus with the mending.
FUZZ_SECONDS ?= 60
fuzz:
	@$(MAKE) FUZZING=1 fuzzers
	@for f in $(notdir $(FUZZ)); do \
		name=$${f#fuzz-}; mkdir -p build-fuzz/corpus/$$name t/fuzz/corpus/$$name; \
		echo "  FUZZ  $$name for $(FUZZ_SECONDS) s"; \
		build-fuzz/t/$$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=512 -timeout=10 \
			-artifact_prefix=build-fuzz/$$name- build-fuzz/corpus/$$name t/fuzz/corpus/$$name \
			>build-fuzz/$$name.log 2>&1 || { tail -n 30 build-fuzz/$$name.log; exit 1; }; \
	done
fuzzers: $(FUZZ)

# --- install ---------------------------------------------------------------
COMPDIR ?= $(DATADIR)/bash-completion/completions
LIBEXEC = $(DESTDIR)$(LIBEXECDIR)/sluice
# What BINDIR gets: everything, or only the dispatcher.
LINKS := $(if $(filter 0,$(BARE)),$(filter sluice,$(TOOLS)),$(TOOLS))
# Settings, which are kept where they were changed, by their names under etc/.
ETC := $(patsubst etc/%,%,$(sort $(wildcard etc/*.yaml etc/templates/*.tmpl)))
# Examples for the operator, without their suffix; and what systemd reads in PREFIX/lib.
EXAMPLES := $(patsubst etc/%.example,%,$(sort $(wildcard etc/*.example)))
UNITS := $(patsubst etc/%,%,$(sort $(wildcard etc/sysusers.d/*.conf etc/tmpfiles.d/*.conf))) \
	$(patsubst etc/systemd/%,systemd/system/%,$(sort $(wildcard etc/systemd/sluice-*)))
EXAMPLEDIR = $(DESTDIR)$(DATADIR)/doc/sluice/examples
UNITDIR = $(DESTDIR)$(PREFIX)/lib
# They name the places of a plain `make install`.
PLACES = sed 's|/usr/local/libexec/sluice|$(LIBEXECDIR)/sluice|g; s|/etc/sluice|$(SYSCONFDIR)/sluice|g'
PIPELINE := $(wildcard scripts/pipeline)
MANPATHS = $(foreach m,$(notdir $(MAN)),$(DESTDIR)$(MANDIR)/man$(lastword $(subst ., ,$m))/$m)

$(B)/completions/%: $(B)/bin/% scripts/completions
	@mkdir -p $(@D)
	$(Q)$(B)/bin/$* --list-options | sh scripts/completions $* >$@.tmp && mv $@.tmp $@

completions: $(COMPLETIONS)

# NOBUILD=1: install what is there (the tests do, from whatever build they test).
install: $(if $(NOBUILD),,all)
	install -d '$(LIBEXEC)' '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(COMPDIR)' \
		'$(DESTDIR)$(SYSCONFDIR)/sluice/templates' '$(EXAMPLEDIR)' \
		$(foreach d,$(sort $(dir $(UNITS))),'$(UNITDIR)/$d') \
		$(foreach n,1 5 7,'$(DESTDIR)$(MANDIR)/man$n')
	install -m 755 $(BIN) $(PIPELINE) '$(LIBEXEC)'
	for t in $(LINKS); do \
		ln -srf '$(LIBEXEC)'/$$t '$(DESTDIR)$(BINDIR)'/$$t || exit 1; done
	for m in $(MAN); do \
		install -m 644 $$m '$(DESTDIR)$(MANDIR)'/man$${m##*.}/ || exit 1; done
	for t in $(LINKS); do \
		test ! -f $(B)/completions/$$t || \
		install -m 644 $(B)/completions/$$t '$(DESTDIR)$(COMPDIR)'/$$t || exit 1; done
	for f in $(ETC); do \
		test -e '$(DESTDIR)$(SYSCONFDIR)'/sluice/$$f || \
		install -m 644 etc/$$f '$(DESTDIR)$(SYSCONFDIR)'/sluice/$$f || exit 1; done
	for f in $(EXAMPLES); do \
		$(PLACES) etc/$$f.example >'$(EXAMPLEDIR)'/$$f && \
		chmod 644 '$(EXAMPLEDIR)'/$$f || exit 1; done
	for f in $(UNITS); do \
		$(PLACES) etc/$$(echo $$f | sed 's|^systemd/system/|systemd/|') >'$(UNITDIR)'/$$f && \
		chmod 644 '$(UNITDIR)'/$$f || exit 1; done

# A file of etc/ that was changed stays.
uninstall:
	for t in $(TOOLS); do \
		test "$$(readlink -f '$(DESTDIR)$(BINDIR)'/$$t)" != "$$(readlink -f '$(LIBEXEC)')/$$t" || \
			rm -f '$(DESTDIR)$(BINDIR)'/$$t '$(DESTDIR)$(COMPDIR)'/$$t; \
		rm -f '$(LIBEXEC)'/$$t; \
	done
	rm -f $(foreach f,$(notdir $(PIPELINE)),'$(LIBEXEC)/$f') $(foreach m,$(MANPATHS),'$m')
	rm -f $(foreach f,$(EXAMPLES),'$(EXAMPLEDIR)/$f') $(foreach f,$(UNITS),'$(UNITDIR)/$f')
	for f in $(ETC); do \
		! cmp -s etc/$$f '$(DESTDIR)$(SYSCONFDIR)'/sluice/$$f || \
		rm -f '$(DESTDIR)$(SYSCONFDIR)'/sluice/$$f; done
	for d in '$(LIBEXEC)' '$(DESTDIR)$(SYSCONFDIR)/sluice/templates' \
			'$(DESTDIR)$(SYSCONFDIR)/sluice' '$(EXAMPLEDIR)' \
			'$(DESTDIR)$(DATADIR)/doc/sluice'; do \
		test ! -d "$$d" || rmdir --ignore-fail-on-non-empty "$$d"; done

# The tree of the tag that VERSION names, and no other.
dist:
	@test "$$(git describe --exact-match --tags HEAD 2>/dev/null)" = 'v$(VERSION)' || \
		{ echo 'dist: HEAD is not tagged v$(VERSION), which is what VERSION says' >&2; exit 1; }
	@git diff --quiet HEAD || { echo 'dist: there are changes that are not committed' >&2; exit 1; }
	git archive --prefix=sluice-$(VERSION)/ -o sluice-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-* compile_commands.json
