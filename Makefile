# Everything needs only git, make and Python 3.11 to 3.13; all else is installed into .venv from hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
LOCK := requirements/dev.lock.txt
READY := $(VENV)/installed
SCENARIO ?= classical
DEMO := build/demo$(patsubst %,-%,$(filter-out classical,$(SCENARIO)))
PROCESSES ?= 2
TORCH ?= # for a demo with a network: where CPU builds of torch are, such as --index ADDRESS; default: pip's links
VARIANT ?= classical-terraform-github
PYTEST = $(BIN)/pytest --numprocesses $(PROCESSES)

.PHONY: help demo quick bicep-version check test test-all arm bench lint format lock release hooks clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

$(READY): $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "Python cannot make virtual environments here; on Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCK)
	@touch $@

demo: $(READY) ## Render a project into build/demo and run its whole loop: make demo SCENARIO=nlp, cv, or classical (default)
	@rm -f $(DEMO)/uv.lock $(DEMO)/requirements/*.lock.txt # Copier keeps locks that are there
	$(BIN)/copier copy --trust --defaults --overwrite --quiet --vcs-ref HEAD --data-file scenarios/$(SCENARIO)/answers.yml \
	  --data python_version=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])') $(CURDIR) $(DEMO)
	cd $(DEMO) && export PATH="$(BIN):$$PATH" && if grep -q '^default-groups' pyproject.toml && $(BIN)/python requirements/cpu.py $(TORCH); \
	  then uv run --no-sync mlops demo; else uv run mlops demo; fi

quick: $(READY) ## After each edit: lint, tests of the extensions, one render of each layer parsed and linted (about a minute)
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(PYTEST) --quick

bicep-version: ## Print the version of the Bicep compiler that the ARM layer is compiled with, as az bicep install takes it
	@sed 's/^/v/' "template/{{ layer.resource_manager }}/infra/.bicep-version"

check: $(READY) ## Check one variant: make check VARIANT=classical-bicep-github (its files, and its own tests)
	$(PYTEST) --variant $(VARIANT)

test: $(READY) ## Run all tests but the long ones, on variants that show every pair of choices
	$(PYTEST)

test-all: $(READY) ## Run all tests on all variants, with 1000 random answer sets, every combination of infrastructure, a real Label Studio
	LABEL_STUDIO_TEST=1 ALL_FAULTS=1 HYPOTHESIS_PROFILE=thorough $(PYTEST) --exhaustive

arm: $(READY) ## After a change of the Bicep layer: compile it to the JSON of the ARM layer
	PATH="$(BIN):$$PATH" $(BIN)/python scripts/arm.py

bench: $(READY) ## Measure the speed of the template and of the rendered project
	$(BIN)/python benchmarks/run.py

lint: $(READY) ## Check the template's own code
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/actionlint
	$(BIN)/zizmor --offline --quiet .github

format: $(READY) ## Format the template's own code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(READY) ## Pin the newest allowed versions: of the template's own tools, and of every scenario's project
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --group pyproject.toml:dev --output-file $(LOCK)
	PATH="$(BIN):$$PATH" $(BIN)/python scenarios/lock.py

release: ## Release the newest commit of main: make release VERSION=1.2.0 (docs/releasing.md)
	@$(PYTHON) scripts/release.py start "$(VERSION)"

hooks: $(READY) ## Run the lint before every commit
	$(BIN)/pre-commit install

clean: ## Remove everything that was built
	rm -rf build $(VENV)
