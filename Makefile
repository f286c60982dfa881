# Everything here is a command that a person could type. The environment lies in .venv and is built when it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RECORDINGS := $(wildcard ../shared/recordings)
SYSTEMS ?= reference openai-python anthropic-python

.PHONY: docs record-demo replay matrix systems test check bench fuzz fuzz-coverage browser clean

replay: $(VENV)/run.stamp ## run the catalogue through the default systems and write reports/latest/index.html
	$(BIN)/harness replay $(addprefix --system ,$(SYSTEMS)) $(addprefix --recordings ,$(RECORDINGS)) --report reports/latest --history reports/latest/history.sqlite

matrix: $(VENV)/run.stamp ## run every system that can be installed, and write the snapshot to reports/matrix and README.md
	-$(BIN)/harness systems install --all
	$(BIN)/harness matrix --results reports/latest/matrix.jsonl --snapshot reports/matrix --readme README.md

systems: $(VENV)/dev.stamp ## install every system, and show without the harness what they are known to fail
	-$(BIN)/harness systems install --all
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'third_party or not third_party' tests/systems

test: check browser ## everything that must hold: lint, types, and the whole test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/dev.stamp ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.stamp ## speed and memory, side by side with the vendors' SDKs and the floor
	$(BIN)/python benchmarks/bench_decode.py
	$(BIN)/python benchmarks/bench_translate.py
	$(BIN)/python benchmarks/bench_fuzz.py
	HARNESS_ALL_RECORDINGS=1 $(BIN)/python -m pytest -q tests/stack/translate/test_round_trips.py
	$(BIN)/python benchmarks/bench_memory.py
	$(BIN)/python benchmarks/bench_replay.py
	$(BIN)/python benchmarks/bench_matrix.py
	$(BIN)/python benchmarks/bench_report.py
	$(BIN)/python benchmarks/bench_first_view.py
	$(BIN)/python benchmarks/bench_record.py
	$(BIN)/python benchmarks/bench_proxy.py
	$(BIN)/python benchmarks/bench_cassette.py
	$(BIN)/python benchmarks/bench_gateway.py

fuzz: $(VENV)/run.stamp ## search every stream of the catalogue for what our own decoders do not stand; --system S for others
	$(BIN)/harness fuzz --report reports/latest/fuzz

proofs: $(VENV)/dev.stamp ## prove of every stream that no cutting matters to our decoders and translations; then correct clients, without alarm
	$(BIN)/python benchmarks/prove_streams.py $(addprefix --recordings ,$(RECORDINGS))
	$(BIN)/python benchmarks/fuzz_correct_clients.py

fuzz-coverage: $(VENV)/dev.stamp ## two minutes of coverage-guided fuzzing of the decoders
	$(BIN)/pip install --quiet --constraint constraints.txt atheris
	$(BIN)/python benchmarks/fuzz_decoders.py -max_total_time=120

record-demo: $(VENV)/dev.stamp ## install real model servers, record every probe of them, and write cassettes/
	$(BIN)/python tests/model_servers/record_demo.py --out cassettes

docs: $(VENV)/dev.stamp ## the documentation as a static site in reports/docs, its reference written anew from the code
	$(BIN)/python docs/make_reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

browser: ## Debian's Chromium, and axe-core from npm, for the tests of the report's pages; without Chromium they are skipped
	@command -v chromium >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1 || \
	  echo "Chromium could not be installed: the browser tests will be skipped"
	@! command -v npm >/dev/null || npm install --prefix tests/report/browser --no-package-lock --no-audit --no-fund --silent

$(VENV)/run.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,bench,sdks,docs]'
	touch $@ $(VENV)/run.stamp

clean: ## remove what was built
	rm -rf $(VENV) build dist reports/latest .mypy_cache .pytest_cache .ruff_cache .hypothesis
