#!/usr/bin/env bash
# Makes this machine ready: scripts/setup.sh run|gateway|silero|voice|test|native|others
#
# Each level does only what is missing. What is done is remembered by the hash of what it was done from
# (.venv/.done), so the second start takes no network and no time. Nothing is compiled, but for `voice` and
# `native`. `others` makes an environment for each server that others wrote. `voice` also fetches models: from
# the web server that FROM names, if it names one.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
venv=.venv
system_python=/usr/bin/python3
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/twominds

say() { echo "twominds: $*"; }
stop() {
    echo "twominds: $*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# --- system packages ---------------------------------------------------------------------------------

install_packages() { # install_packages PACKAGE…: by apt, or say which line to run
    local as_root=()
    if ! have apt-get; then
        stop "These programs are missing, and this is not a Debian: $*. Install them, then run make again."
    fi
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo -n)
        if ! have sudo || ! sudo -n true 2>/dev/null; then
            stop "Please run this line, then make again:
    sudo apt-get update && sudo apt-get install --no-install-recommends -y $*"
        fi
    fi
    say "installing $* (apt)"
    local log
    log=$(mktemp)
    if ! { # a source that cannot be reached must not hide one that can: update may fail
        "${as_root[@]}" apt-get update
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends -y "$@"
    } >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        stop "apt could not install $*; its last words stand above."
    fi
    rm -f "$log"
}

chromium_package() { # Raspberry Pi OS Bookworm has its own name for it
    if have apt-cache && ! apt-cache show chromium >/dev/null 2>&1 &&
        apt-cache show chromium-browser >/dev/null 2>&1; then
        echo chromium-browser
    else
        echo chromium
    fi
}

have_library() { [[ $(PATH="$PATH:/sbin" ldconfig -p) == *"$1 "* ]]; }

on_a_raspberry_pi() { [[ $(sed 's/\x00//' /proc/device-tree/model 2>/dev/null) == *"Raspberry Pi"* ]]; }

sound_servers() { # what the tests of sound stand on; a desktop's own sound server is never replaced
    have pactl || missing+=(pulseaudio-utils)
    [ -e "$(echo /usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so)" ] || missing+=(libasound2-plugins)
    have pipewire || missing+=(pipewire)
    have wireplumber || missing+=(wireplumber)
    have dbus-run-session || missing+=(dbus)
    if ! have pulseaudio && ! have pipewire-pulse; then missing+=(pulseaudio); fi
}

system_packages() { # system_packages LEVEL
    local missing=()
    if ! have python3; then
        missing+=(python3 python3-venv)
    elif ! usable_python >/dev/null; then
        stop "Python 3.11 or newer is needed, and this is $(python3 --version 2>&1)."
    elif [ ! -x $venv/bin/python ] && ! can_make_venv; then
        missing+=("$(venv_package)")
    fi
    have espeak-ng || missing+=(espeak-ng)
    have_library libportaudio.so.2 || missing+=(libportaudio2)
    have_library libopus.so.0 || missing+=(libopus0)
    if on_a_raspberry_pi && ! $system_python -c 'import lgpio' 2>/dev/null; then
        missing+=(python3-lgpio)
    fi
    if [ "$1" = test ] || [ "$1" = native ]; then
        sound_servers
    fi
    if [ "$1" = test ] || [ "$1" = native ]; then
        have chromium || have chromium-browser || missing+=("$(chromium_package)")
        PATH="$PATH:/sbin:/usr/sbin" have ip || missing+=(iproute2) # a cable whose bytes are counted
    fi
    if [ "$1" = native ] || [ "$1" = llama ]; then
        have g++ || missing+=(g++) # also brings libgomp, which the compiled package runs on
    fi
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

add_wordnet() { # words that mean the same: more kept replies are found; asked for once, and never needed
    if done_already wordnet asked || [ -e /usr/share/wordnet/index.noun ]; then return; fi
    if have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }; then
        (install_packages wordnet-base) || say "without WordNet fewer replies are found again; all else works"
    else
        say "to find more kept replies again: sudo apt-get install wordnet-base (28 MB, not needed)"
    fi
    is_done wordnet asked
}

# --- Python ------------------------------------------------------------------------------------------

usable_python() { # prints a Python ≥ 3.11
    local python
    for python in python3 python3.13 python3.12 python3.11; do
        if have "$python" && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

can_make_venv() { "$(usable_python)" -c 'import ensurepip, venv' 2>/dev/null; }

venv_package() { # Debian keeps venv's other half in a package of its own
    case $(command -v "$(usable_python)") in
        */python3) echo python3-venv ;;
        *) echo "$(usable_python)-venv" ;;
    esac
}

done_already() { [ "$(cat "$venv/.done/$1" 2>/dev/null)" = "$2" ]; }
is_done() { mkdir -p "$venv/.done" && echo "$2" >"$venv/.done/$1"; }
hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }

make_venv() { # .venv with the pinned uv in it
    local python key
    key="$PWD $(hash_of requirements/uv.txt)"
    if done_already uv "$key" && $venv/bin/python -c '' 2>/dev/null; then return; fi
    python=$(usable_python) || stop "Python 3.11 or newer is needed, and apt has none."
    say "making $venv with $("$python" --version)"
    rm -rf $venv
    "$python" -m venv $venv
    $venv/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt ||
        stop "uv could not be fetched; is there a network?"
    is_done uv "$key"
}

install_locked() { # install_locked NAME: what requirements/NAME.txt holds, wheels only, by hash
    local key
    key=$(hash_of "requirements/$1.txt")
    if done_already "$1" "$key"; then return; fi
    say "installing Python packages ($1)"
    $venv/bin/uv pip install --quiet --python $venv/bin/python --require-hashes --only-binary :all: \
        -r "requirements/$1.txt" || stop "the Python packages could not be installed; the reason stands above."
    is_done "$1" "$key"
}

install_project() { # the tree itself, editable: .venv/bin/twominds
    local key
    key="$(hash_of pyproject.toml) $(echo */__init__.py)"
    if done_already project "$key"; then return; fi
    $venv/bin/uv pip install --quiet --python $venv/bin/python --offline --no-deps --no-build-isolation -e .
    is_done project "$key"
}

install_other() { # install_other NAME: a server that others wrote, in .venv-NAME: it wants other packages than we
    local key
    key="$PWD $(hash_of "requirements/other-$1.txt")"
    if done_already "other-$1" "$key" && ".venv-$1/bin/python" -c '' 2>/dev/null; then return; fi
    say "installing $1 for the tests, in .venv-$1"
    rm -rf ".venv-$1"
    $venv/bin/uv venv --quiet --python "$(usable_python)" ".venv-$1"
    $venv/bin/uv pip install --quiet --python ".venv-$1/bin/python" --require-hashes --only-binary :all: \
        -r "requirements/other-$1.txt" || stop "$1 could not be installed; the reason stands above."
    is_done "other-$1" "$key"
}

link_lgpio() { # the pins of a Raspberry Pi: Debian's own package, because there are no wheels of it
    local site file
    if ! on_a_raspberry_pi || $venv/bin/python -c 'import lgpio' 2>/dev/null; then return; fi
    site=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    for file in /usr/lib/python3/dist-packages/lgpio.py /usr/lib/python3/dist-packages/_lgpio*.so; do
        ln -sf "$file" "$site/"
    done
    $venv/bin/python -c 'import lgpio' 2>/dev/null ||
        say "lgpio cannot be used by $venv: a button and lights on pins will not work. Is its Python Debian's?"
}

# --- llama-cpp-python, the one package that has to be compiled -------------------------------------------

llama_minutes="five to ten minutes on two desktop cores, longer on a Raspberry Pi"
llama_least_kb=850000 # with less memory it cannot be compiled, and no language model would fit

llama_version() { sed -n 's/^llama-cpp-python==\([^ ]*\).*/\1/p' requirements/native-source.txt; }

llama_wheel() { # where the compiled wheel is kept: by version, Python and machine
    local python
    python=$($venv/bin/python -c 'import sys; print("py%d.%d" % sys.version_info[:2])')
    echo "$cache/wheels/$python-$(uname -m)/llama_cpp_python-$(llama_version)-py3-none-linux_$(uname -m).whl"
}

build_jobs() { # as many as there are cores, but one for each GB of memory at the most
    $venv/bin/python -c 'import os
gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
print(max(1, min(os.cpu_count() or 1, gigabytes)))'
}

build_llama() { # into the kept place, unless it is there
    local wheel build
    wheel=$(llama_wheel)
    [ ! -e "$wheel" ] || return 0
    say "compiling llama-cpp-python $(llama_version): $llama_minutes, kept in ${wheel%/*}"
    mkdir -p "${wheel%/*}"
    build=$(mktemp -d "$cache/build.XXXXXX") # on the disk: /tmp may be in memory
    $venv/bin/uv venv --quiet --python $venv/bin/python "$build/venv"
    $venv/bin/uv pip install --quiet --python "$build/venv/bin/python" --require-hashes --only-binary :all: \
        -r requirements/native-build.txt
    CMAKE_BUILD_PARALLEL_LEVEL=$(build_jobs) PATH="$PWD/$venv/bin:$build/venv/bin:$PATH" \
        "$build/venv/bin/python" -m pip wheel --no-deps \
        --no-build-isolation --require-hashes --no-cache-dir -r requirements/native-source.txt -w "$build" \
        >"$build/log" 2>&1 || {
        tail -n 40 "$build/log" >&2
        stop "llama-cpp-python did not compile; the end of the log stands above, all of it in $build/log."
    }
    mv "$build"/llama_cpp_python-*.whl "$wheel"
    rm -rf "$build"
}

install_llama() {
    local key
    build_llama
    key=$(hash_of "$(llama_wheel)")
    if done_already llama "$key"; then return; fi
    $venv/bin/uv pip install --quiet --python $venv/bin/python --offline --no-deps --reinstall "$(llama_wheel)"
    is_done llama "$key"
}

# --- models and voice --------------------------------------------------------------------------------------

announce_voice() {
    say "this brings free speech, a language model and a voice to this machine:"
    echo "    Python packages      about 200 MB"
    echo "    models               those for this board; which, and how big, is told before they come"
    echo "    llama-cpp-python     compiled here, once: $llama_minutes"
}

add_llama() { # what it is for does without it when it cannot be had
    if [ "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)" -lt $llama_least_kb ]; then
        say "this machine has too little memory for a language model: llama-cpp-python is left out"
    elif ! scripts/setup.sh llama; then
        say "there will be no language model on board, for the reason above; everything else works"
    fi
}

fetch_models() { $venv/bin/twominds models fetch ${FROM:+--from "$FROM"}; }

# --- the levels --------------------------------------------------------------------------------------

install_added() { # install_added LEVEL: that, or what was added before and holds it, too; nothing is undone
    if [ -e $venv/.done/voice ]; then
        install_locked voice
    else
        done_already dev "$(hash_of requirements/dev.txt)" || install_locked "$1"
    fi
}

level=${1:-run}
[ "$level" != voice ] || announce_voice
system_packages "$level"
make_venv
case $level in run | silero | voice | test | native) add_wordnet ;; esac
case $level in
    run | silero) install_added "$level" ;;
    gateway) done_already dev "$(hash_of requirements/dev.txt)" || install_locked gateway ;;
    voice) install_locked voice ;;
    llama) install_llama ;;
    test) install_locked dev ;;
    others)
        install_locked dev
        install_other fastrtc
        install_other pipecat
        ;;
    native)
        install_locked dev
        install_locked native
        install_llama
        ;;
    *) stop "unknown level $level: run, gateway, silero, voice, test, native or others" ;;
esac
install_project
link_lgpio
if [ "$level" = voice ]; then # models first: what they ask is asked before the long wait
    come=yes
    fetch_models || come=no
    add_llama
    [ $come = yes ] || stop "not all models are here, for the reason above. make voice goes on from there."
    say "ready: make run"
fi
