# Sourced by the scenarios: finds Java, builds what has changed, and runs a scenario's program where its options say.
# shellcheck shell=bash
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
scenario=$(basename -- "$0")

fail() { # fail STATUS MESSAGE
    printf '%s: %s\n' "$scenario" "$2" >&2
    exit "$1"
}

# The first JDK of at least 25; its `release` file says, without starting it.
find_java() {
    local home version
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/*jdk*; do
        [[ -n $home && -x $home/bin/java && -r $home/release ]] || continue
        version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
        if ((${version:-0} >= 25)); then
            printf '%s' "$home/bin/java"
            return
        fi
    done
    fail 1 'no JDK 25 in JAVA_HOME or /usr/lib/jvm'
}

# What runs Java, if it is not run straight away; for a scenario to say.
runner=()

# Runs the class of the perf module as Lull itself runs.
run_java() { # run_java MAIN_CLASS ARGUMENT...
    local java main=$1
    shift
    java=$(find_java)
    "${runner[@]}" "$java" -XX:+UseSerialGC -XX:-UsePerfData -Xmx512m \
        --enable-native-access=dev.lull.bindings,dev.lull.perf,com.sun.jna,com.github.luben.zstd_jni \
        --illegal-native-access=deny -Dlull.root="$root" \
        -Dlull.core.library="$root/build/native/core/liblullcore.so" \
        -p "$root/perf/target/perf-0.1.0-SNAPSHOT.jar:$root/perf/target/modules" -m "dev.lull.perf/$main" "$@"
}

# What a program in the lab writes is lost but for one directory, so its results go there and are moved after.
run_in_lab() { # run_in_lab CLOCK ARGUMENT...
    local clock=$1 share status=0 i name
    local -a inside=() wanted=()
    shift
    share=$(mktemp -d "$root/build/$scenario.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$share'" EXIT
    while (($#)); do
        case $1 in
            --json | --hlog | --html)
                (($# >= 2)) || fail 2 "$1 needs a value"
                wanted+=("${1#--}" "$2")
                inside+=("$1" "$share/${1#--}")
                shift 2
                ;;
            *) inside+=("$1"); shift ;;
        esac
    done
    "$root/perf/lab/lab" run --clock "$clock" --share "$share" --timeout "${LULL_LAB_LIMIT:-1800}" -- \
        "$root/perf/scenarios/$scenario" "${inside[@]}" || status=$?
    for ((i = 0; i < ${#wanted[@]}; i += 2)); do
        name=${wanted[i]}
        [[ -e $share/$name ]] || continue
        if [[ -d $share/$name ]]; then
            mkdir -p -- "${wanted[i + 1]}"
            cp -- "$share/$name"/* "${wanted[i + 1]}/"
        else
            mkdir -p -- "$(dirname -- "${wanted[i + 1]}")"
            cp -- "$share/$name" "${wanted[i + 1]}"
        fi
    done
    exit "$status"
}

run_scenario() { # run_scenario MAIN_CLASS ARGUMENT...
    local main=$1 clock=real lab='' argument
    local -a arguments=()
    shift
    for argument in "$@"; do # --name=value as two words
        case $argument in
            --clock=* | --json=* | --hlog=* | --html=*) arguments+=("${argument%%=*}" "${argument#*=}") ;;
            *) arguments+=("$argument") ;;
        esac
    done
    set -- "${arguments[@]}"
    while (($#)); do
        case $1 in
            --clock) clock=${2-}; shift ;;
            --lab) lab=1 ;;
            -h | --help) lab=0 clock=real; break ;;
        esac
        shift || true
    done
    [[ $clock == real || $clock == instructions ]] || fail 2 "--clock '$clock' must be real or instructions"
    "$root/lull" build
    if [[ -z ${LULL_LAB:-} && $lab != 0 && ($lab == 1 || $clock == instructions) ]]; then
        run_in_lab "$clock" "${arguments[@]}"
    fi
    run_java "$main" "${arguments[@]}"
}

# A scenario that starts the lab itself, with the Debian guest.
run_guests() { # run_guests MAIN_CLASS ARGUMENT...
    local argument help=''
    for argument in "$@"; do
        case $argument in -h | --help) help=1 ;; esac
    done
    "$root/lull" build
    [[ -n ${LULL_LAB:-} || -n $help ]] || "$root/lull" lab setup --guest
    export LULL_CACHE=${LULL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/lull}
    run_java "$@"
}
