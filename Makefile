# The vocabulary of this repository: `make` lists it. Each word installs what it needs and the machine lacks
# (scripts/bootstrap.sh), and says so.

PREFIX = /usr
DESTDIR =
SYSCONFDIR = /etc

CARGO = cargo
INSTALL = install
# Binaries that are already built; `make install PREBUILT=FOLDER` takes those.
PREBUILT =
BINARIES = $(or $(PREBUILT),$(or $(CARGO_TARGET_DIR),target)/release)

# Where rustup puts cargo, for a shell that has not heard of it yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.DEFAULT_GOAL = help
.PHONY: help demo check test lab bench fuzz build install uninstall clean bootstrap

help: ## list these words
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1: \2/p' Makefile

demo: bootstrap ## see it work: three servers, one dies, answers wrongly, comes back; within a minute
	@scripts/demo.sh

check: bootstrap ## the quick part: format, lints, unit tests
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) test --locked

test: bootstrap ## everything: check, real servers, and the lab in its short form
	@scripts/test.sh

lab: bootstrap ## the lab in full: real kernel, real systemd, real servers, in guests of Debian 12 and 13
	@tests/lab/run.sh --full

bench: ## measure, also beside HAProxy
	@scripts/bootstrap.sh --bench
	$(CARGO) bench --locked

fuzz: ## feed the parsers with nonsense, FUZZ_SECONDS each (600); fails on a finding
	@scripts/bootstrap.sh --fuzz
	@scripts/fuzz.sh

build: bootstrap ## the release binaries, in target/release
	$(CARGO) build --locked --release --bins

bootstrap:
	@scripts/bootstrap.sh

install: $(if $(PREBUILT),,build) ## into DESTDIR, below PREFIX
	$(INSTALL) -D -m 0755 -t $(DESTDIR)$(PREFIX)/sbin $(BINARIES)/ldirectord
	if [ -e $(BINARIES)/ldirectorctl ]; then \
		$(INSTALL) -D -m 0755 -t $(DESTDIR)$(PREFIX)/bin $(BINARIES)/ldirectorctl; fi
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system $(wildcard systemd/*.service)
	sed -i 's|/usr/sbin/ldirectord|$(PREFIX)/sbin/ldirectord|' $(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,$(notdir $(wildcard systemd/*.service)))
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/dbus-1/system.d $(wildcard dbus/*.conf)
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/dbus-1/interfaces $(wildcard dbus/*.xml)
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/ldirectord/examples $(wildcard packaging/examples/*)
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(wildcard packaging/man/*.5)
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(wildcard packaging/man/*.8)
	$(INSTALL) -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/ha.d/conf $(DESTDIR)$(SYSCONFDIR)/ha.d/resource.d \
		$(DESTDIR)$(SYSCONFDIR)/ldirectord
	ln -sfn $(PREFIX)/sbin/ldirectord $(DESTDIR)$(SYSCONFDIR)/ha.d/resource.d/ldirectord

uninstall: ## what install put there; configurations stay
	rm -f $(DESTDIR)$(PREFIX)/sbin/ldirectord $(DESTDIR)$(PREFIX)/bin/ldirectorctl
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,$(notdir $(wildcard systemd/*.service)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/dbus-1/system.d/,$(notdir $(wildcard dbus/*.conf)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/dbus-1/interfaces/,$(notdir $(wildcard dbus/*.xml)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man5/,$(notdir $(wildcard packaging/man/*.5)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man8/,$(notdir $(wildcard packaging/man/*.8)))
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/ldirectord
	rm -f $(DESTDIR)$(SYSCONFDIR)/ha.d/resource.d/ldirectord

clean: ## remove what was built; the lab's guests in .cache stay
	$(CARGO) clean
