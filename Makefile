# Every target first installs what it needs (scripts/setup): nothing on a machine that has it already.

.PHONY: help demo preload tool servers test check prove-checks bench soak setup

help:
	@echo "make demo          build a small service that deadlocks, send it SIGUSR2, show its report"
	@echo "make preload       build libgmr.so, gmr.h and gmr.pc for any native program, and print the library's path"
	@echo "make tool          build the command line tool gmr, and print its path"
	@echo "make servers       that library in nginx, redis, postgres and python3, where they are installed"
	@echo "make test          build and run all tests"
	@echo "make check         the rules of the house: signal safety, imports, format and more"
	@echo "make prove-checks  break every rule once, in a copy, and see its check fail"
	@echo "make bench         measure, beside gdb and eu-stack"
	@echo "make soak          1,000 reports of a Hummingbird server with 500 requests in flight, and what is false in them"
	@echo "make setup         install what the others need, and nothing else"

demo: setup
	@scripts/demo

preload: setup
	@scripts/preload

tool: setup
	@scripts/tool

servers: setup
	@scripts/servers

test: setup
	@scripts/test

check: setup
	@scripts/check

prove-checks: setup
	@scripts/prove-checks

bench: setup
	@scripts/bench

soak: setup
	@scripts/soak

setup:
	@scripts/setup
