#!/usr/bin/env bash
# Re-makes requirements/*.txt from pyproject.toml: exact versions with hashes, for every platform at once,
# then proves that each has a wheel on the machines we support. Needs the network.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_PYTHON_DOWNLOADS=never
uv=.venv/bin/uv

compile() { # compile FILE ARGS…
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --output-file "requirements/$1" "${@:2}"
}

wheels_exist() { # wheels_exist FILE: every pin has a wheel on every supported machine
    local python machine
    for python in 3.11 3.13; do
        for machine in x86_64 aarch64; do
            "$uv" pip compile --quiet --only-binary :all: --no-header --no-annotate \
                --python-version "$python" --python-platform "$machine-manylinux_2_31" \
                "requirements/$1" >/dev/null
        done
    done
}

llama=$(.venv/bin/python -c 'import tomllib
extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]
print(*extras["llama"])')
llama_server=${llama/==/[server]==}

compile uv.txt --group uv
compile dev.txt pyproject.toml --group build --group dev --extra voice --extra gateway
compile run.txt pyproject.toml --group build --constraint requirements/dev.txt
compile gateway.txt pyproject.toml --group build --extra gateway --constraint requirements/dev.txt
compile silero.txt pyproject.toml --group build --extra silero --constraint requirements/dev.txt
compile voice.txt pyproject.toml --group build --extra voice --extra llama \
    --constraint requirements/dev.txt --no-emit-package llama-cpp-python
compile native.txt --constraint requirements/dev.txt --no-emit-package llama-cpp-python - <<<"$llama_server"
compile native-source.txt --no-deps - <<<"$llama"
compile native-build.txt --group native-build
compile other-fastrtc.txt --group other-fastrtc --only-binary :all:
compile other-pipecat.txt --group other-pipecat --only-binary :all:

for file in uv.txt dev.txt run.txt gateway.txt silero.txt voice.txt native.txt native-build.txt \
    other-fastrtc.txt other-pipecat.txt; do
    wheels_exist "$file"
done
echo "requirements/*.txt are new; every package in them has wheels for x86_64 and aarch64, Python 3.11 and 3.13."
