# twominds: `make run` talks, `make test` proves. Everything else is below; `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run gateway voice silero test test-all lint bench bench-gateway soak soak-sound sound-campaign replay lock clean
python := .venv/bin/python
# One of them takes what needs real time: sound cards and browsers (tests/conftest.py).
workers ?= 2
pytest := $(python) -m pytest -n $(workers) --dist loadgroup --no-loadscope-reorder
export ORT_DISABLE_TELEMETRY := 1

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## set up what is missing and start the agent
	@scripts/setup.sh run
	@exec .venv/bin/twominds run

gateway: ## start a System 2 for the devices of this machine (docs/gateway.md)
	@scripts/setup.sh gateway
	@GATEWAY_ENROLMENT=$${GATEWAY_ENROLMENT:-loopback} exec .venv/bin/python -m gateway serve

voice: ## add free speech, a language model and a voice: packages, models for this board
	@FROM="$(FROM)" scripts/setup.sh voice

silero: ## add the second voice detector (Silero, through faster-whisper and onnxruntime)
	@scripts/setup.sh silero

lint: ## style and types
	@scripts/setup.sh test
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy

test: lint ## style, types, unit and integration tests
	$(pytest) -m "not native and not others"

test-all: test ## make test, then what needs natively built packages (compiled once, kept), and others' servers
	@scripts/setup.sh native
	@scripts/setup.sh others
	$(python) -m pytest -m "native or others"

bench: ## measure the agent: its own time, the engines together, memory
	@scripts/setup.sh native
	$(python) -m bench

bench-gateway: ## fifty devices at one gateway: how long they wait, what it costs
	@scripts/setup.sh test
	$(python) -m bench.many_devices

soak: ## half an hour of turns with every native engine: is memory flat?
	@scripts/setup.sh native
	$(python) -m bench.soak 30

soak-sound: ## a thousand turns of the whole agent on a virtual sound card: is memory flat?
	@scripts/setup.sh test
	$(python) -m bench.soak_sound 1000

sound-campaign: ## a virtual microphone unplugged a hundred times, its speaker silenced: how long it takes
	@scripts/setup.sh test
	$(python) -m bench.sound

replay: ## measure recognition and routing on the data of ../shared/data
	@scripts/setup.sh test
	$(python) -m bench.speech
	$(python) -m bench.requests
	$(python) -m bench.routing
	$(python) -m bench.replies
	$(python) -m bench.small_talk
	$(python) -m bench.safety ../shared/data/text

lock: ## re-make requirements/*.txt from pyproject.toml (needs the network)
	@scripts/setup.sh test
	@scripts/lock.sh

clean: ## remove everything that make made here
	rm -rf .venv .venv-fastrtc .venv-pipecat .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
