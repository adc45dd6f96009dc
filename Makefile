# A thin front to cmake/go, which says what each does: `make run ARGS="--set noise.seed=7"`.
COMMANDS := run test build bench setup asan format format-check
.PHONY: help $(COMMANDS)
help $(COMMANDS):
	@cmake/go $@ $(ARGS)
